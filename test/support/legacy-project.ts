import type Docker from 'dockerode';

/** Name of the Compose project. */
export const project = 'legacy';

/** What somebody has run on one host for years. */
export const composeFile = {
  version: '3.8',
  services: {
    web: {
      image: 'testapp:v1',
      environment: { GREETING: 'costs $$5', DB_PASSWORD: 'hunter2' },
      labels: { team: 'shop' },
      volumes: ['data:/data'],
      restart: 'unless-stopped',
      stop_grace_period: '2s',
      depends_on: ['edge'],
    },
    edge: {
      image: 'testapp:v1',
      ports: ['18080:8080'],
      networks: { default: { aliases: ['gate'] }, back: {} },
      cap_drop: ['NET_RAW'],
      restart: 'always',
    },
  },
  networks: { back: {} },
  volumes: { data: {} },
};

/** A container as the engine shows it: what must not change while it is adopted. */
export interface Standing {
  readonly id: string;
  readonly name: string;
  readonly startedAt: string;
  readonly restarts: number;
}

/** The containers of the project, by name. */
export async function standingIn(engine: Docker): Promise<readonly Standing[]> {
  const filters = { label: [`com.docker.compose.project=${project}`] };
  const listed = await engine.listContainers({ all: true, filters });
  const all = await Promise.all(listed.map(({ Id }) => engine.getContainer(Id).inspect()));
  return all
    .map(({ Id, Name, State, RestartCount }) => ({
      id: Id,
      name: Name.slice(1),
      startedAt: State.StartedAt,
      restarts: RestartCount,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
