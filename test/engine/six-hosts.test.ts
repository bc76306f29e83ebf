import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Status } from '../../src/generated/status.ts';
import type { SandboxHost } from '../../src/sandbox/sandbox-host.ts';
import { AvailabilityWatch } from '../support/availability.ts';
import type { Daemon } from '../support/command-line.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually as eventuallyWithin } from '../support/eventually.ts';
import { RequestLoad } from '../support/request-load.ts';
import { clearHosts } from '../support/sandbox.ts';
import type { SixHosts } from '../support/six-hosts.ts';
import { bringUpSixHosts } from '../support/six-hosts.ts';

const fleet = 'six-test';
/** Six engines on one machine, with requests and two more fleets beside them, are slower than most. */
const patienceMs = 120_000;
/** Characters of the operator's log that a failure shows. */
const logEnd = 20_000;
const image = 'testapp:v1';
const zones = ['a', 'b', 'c'];
const gate = { minHealthyTime: '500ms', healthyDeadline: '30s' };
const reserving = (cpus: number): object => ({ resources: { reservations: { cpus } } });
const constrainedTo = (constraint: string): object => ({
  placement: { constraints: [constraint] },
});

/** Two of the six fit on a host, beside something small. */
const web = {
  image,
  ports: ['8080'],
  // It serves on for so long after it was told to end, as what drains its connections does.
  environment: { DRAIN_MS: '3000' },
  stop_grace_period: '6s',
  deploy: {
    replicas: 6,
    placement: { preferences: [{ spread: 'node.labels.zone' }] },
    ...reserving(0.5),
    update_config: { parallelism: 2, monitor: '0s' },
  },
  'x-fleetwright': { gate: { ...gate, http: { port: 8080, path: '/ready' } } },
};
const db = {
  image,
  stop_grace_period: '1s',
  volumes: ['data:/data'],
  deploy: { ...constrainedTo('node.labels.zone == a'), ...reserving(0.25) },
  'x-fleetwright': { gate },
};
const clock = {
  image,
  stop_grace_period: '1s',
  deploy: { ...constrainedTo('node.labels.zone == b'), ...reserving(0.25) },
  'x-fleetwright': { gate, singleton: true },
};

function eventually<Answer>(what: string, ask: () => Promise<Answer | null>): Promise<Answer> {
  return eventuallyWithin(what, () => ask().catch(nullWhileNoWay), patienceMs);
}

/** The kernel remembers for a moment that there was no way to a host that is connected again. */
function nullWhileNoWay(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'EHOSTUNREACH') return null;
  throw error;
}

/** What is seen while something is out of order, which is mended whatever comes. */
async function during<Seen>(
  trouble: () => Promise<unknown>,
  mend: () => Promise<unknown>,
  look: () => Promise<Seen>,
): Promise<Seen> {
  await trouble();
  try {
    return await look();
  } finally {
    await mend();
  }
}

describe('six real engines, one over SSH and one behind 50 ms', () => {
  let six: SixHosts;
  let hosts: readonly SandboxHost[];
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon;

  const writeFleet = (drained: readonly string[] = []): Promise<void> =>
    repository.write('fleet.yaml', {
      name: fleet,
      failure: { lostAfter: '2s' },
      hosts: hosts.map(({ name, endpoint, address }, index) => ({
        name,
        endpoint,
        address,
        labels: { zone: zones[index % zones.length] },
        capacity: { cpus: 1.25 },
        ...(drained.includes(name) ? { drain: true } : {}),
      })),
    });
  const without = (...left: readonly SandboxHost[]): readonly SandboxHost[] =>
    hosts.filter((host) => !left.includes(host));
  const listOf = async (
    service: string,
    on: readonly SandboxHost[] = hosts,
  ): Promise<readonly ListedContainer[]> =>
    (await listContainers(on, fleet)).filter((one) => one.service === service);
  const running = async (service: string, on?: readonly SandboxHost[]): Promise<number> =>
    (await listOf(service, on)).filter(({ state }) => state === 'running').length;
  const picture = async (on: readonly SandboxHost[] = hosts): Promise<readonly string[]> =>
    (await listContainers(on, fleet)).map(
      ({ name, id, host, state }) => `${name} ${id} on ${host} ${state}`,
    );
  const idsOfWeb = async (): Promise<readonly string[]> =>
    (await listOf('web')).map(({ id }) => id).toSorted();
  /** How many of web there are in each zone, and at most on a host. */
  const spread = async (on: readonly SandboxHost[]): Promise<readonly [number[], number]> => {
    const list = await listOf('web', on);
    const count = (from: readonly SandboxHost[]): number =>
      list.filter(({ host }) => from.some(({ name }) => name === host)).length;
    const inZones = zones.map((_zone, zone) =>
      count(hosts.filter((_host, index) => index % zones.length === zone)),
    );
    return [inZones, Math.max(...hosts.map((host) => count([host])))];
  };
  const convergence = (): Promise<Status> =>
    eventually('everything as the commit asks', async () => {
      const status = await commands.status();
      return status.converged ? status : null;
    });
  const homeOf = async (service: string): Promise<SandboxHost> => {
    const [found] = await listOf(service);
    const home = hosts.find(({ name }) => name === found?.host);
    if (home === undefined) throw new Error(`${service} is nowhere`);
    return home;
  };
  /** Waits for six of web on hosts, and gives how many of the singleton there ever were on them meanwhile. */
  const sixOfWebOn = async (on: readonly SandboxHost[]): Promise<number> => {
    let clocks = 0;
    await eventually('six of web', async () => {
      clocks = Math.max(clocks, await running('clock', on));
      return (await running('web', on)) === 6 ? true : null;
    });
    return clocks;
  };

  beforeAll(async () => {
    six = await bringUpSixHosts([image]);
    ({ hosts } = six);
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, six.credentials);
    await writeFleet();
    const volumes = { data: {} };
    await repository.write('shop/compose.yaml', { services: { web, db, clock }, volumes });
    await repository.commit('shop');
    daemon = commands.start();
    await convergence();
  });
  // Which of many things was waited for, only the operator can tell.
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(daemon.log().slice(-logEnd));
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await repository[Symbol.asyncDispose]();
    try {
      await clearHosts(hosts, fleet);
    } finally {
      await six[Symbol.asyncDispose]();
    }
  });

  it('are given what their zones, labels and reservations admit', async () => {
    expect(await spread(hosts)).toEqual([[2, 2, 2], 1]);
    expect(['host-1', 'host-4']).toContain((await homeOf('db')).name);
    expect(['host-2', 'host-5']).toContain((await homeOf('clock')).name);
  });

  it('lose one that dies: what bears it is made elsewhere, and nothing else moves, also when it is back', async () => {
    const victim = await homeOf('db');
    const others = without(victim);
    const [before, data] = [await picture(others), await picture([victim])];

    const elsewhere = await during(
      () => victim.powerOff(),
      () => victim.powerOn(),
      async () => {
        await sixOfWebOn(others);
        expect(noteOf(await commands.status(), victim)).toMatch(
          /^lost: .*1 slot stays \(its data is there .*shop\/db\/1/s,
        );
        expect(await spread(others)).toEqual([[2, 2, 2], 2]);
        return picture(others);
      },
    );
    expect(elsewhere).toEqual(expect.arrayContaining([...before]));
    await convergence();

    expect(await picture(others)).toEqual(elsewhere);
    const kept = data.filter((line) => line.includes('shop-db-'));
    expect(await picture([victim])).toEqual(kept);
  });

  it('lose one that is cut off: a singleton never runs twice, and no duplicate survives', async () => {
    const victim = await homeOf('clock');
    const others = without(victim);
    const [before, own] = [await picture(others), await picture([victim])];

    const elsewhere = await during(
      () => victim.partition(),
      () => victim.heal(),
      async () => {
        expect(await sixOfWebOn(others)).toBe(0);
        expect(noteOf(await commands.status(), victim)).toMatch(
          /^lost: .*1 slot stays \(it is a singleton .*shop\/clock\/1/s,
        );
        return picture(others);
      },
    );
    expect(elsewhere).toEqual(expect.arrayContaining([...before]));
    await eventually('no duplicate', async () => {
      expect(await running('clock')).toBe(1);
      return (await listOf('web', [victim])).length === 0 ? true : null;
    });
    await convergence();

    expect(await picture(others)).toEqual(elsewhere);
    expect(await picture([victim])).toEqual(own.filter((line) => line.includes('shop-clock-')));
  });

  it('lose the engine of one, which somebody fences: the singleton is made elsewhere at once', async () => {
    const victim = await homeOf('clock');
    const others = without(victim);

    const elsewhere = await during(
      () => victim.killEngine(),
      () => victim.startEngine(),
      async () => {
        await eventually('somebody to notice', async () =>
          noteOf(await commands.status(), victim).startsWith('lost') ? true : null,
        );
        expect((await commands.ask('fence', victim.name)).request.state).toBe('accepted');
        await eventually('the singleton elsewhere', async () =>
          (await running('clock', others)) === 1 ? true : null,
        );
        return picture(others);
      },
    );
    await eventually('no duplicate', async () =>
      (await picture([victim])).length === 0 ? true : null,
    );
    const status = await convergence();
    expect(await picture(others)).toEqual(elsewhere);
    expect(status.hosts.find(({ host }) => host === victim.name)).toMatchObject({
      state: 'ready',
      use: 'fenced',
    });
    expect((await commands.ask('unfence', victim.name)).code).toBe(0);
  });

  it('lose five at once: nothing is moved, and nothing has to change when they are back', async () => {
    const before = await picture();
    const [seen, ...lost] = hosts;
    if (seen === undefined) throw new Error('there are six hosts');
    const steps = stepsIn(daemon);
    expect(steps.length).toBeGreaterThan(0);

    await during(
      () => Promise.all(lost.map((host) => host.partition())),
      () => Promise.all(lost.map((host) => host.heal())),
      async () => {
        const notes = await eventually('all five lost', async () => {
          const status = await commands.status();
          const all = lost.map((host) => noteOf(status, host));
          return all.every((note) => note.startsWith('lost')) ? all : null;
        });
        const isolated = expect.stringContaining('cut off, and nothing is replaced') as string;
        expect(notes).toEqual(lost.map(() => isolated));
        expect(await picture([seen])).toEqual(
          before.filter((line) => line.includes(' on host-1 ')),
        );
      },
    );
    await convergence();

    expect(await picture()).toEqual(before);
    expect(stepsIn(daemon)).toEqual(steps);
  });

  it('are drained under load without a failed request, and filled again only when that is asked for', async () => {
    const data = await homeOf('db');
    const neighbour = hosts.find((host, index) => host !== data && index % zones.length === 0);
    if (neighbour === undefined) throw new Error('a zone has two hosts');
    expect(await running('web', [neighbour])).toBe(2);
    await using watch = new AvailabilityWatch(hosts, fleet, 'web');
    await eventually('the first look', async () => (watch.samples > 0 ? true : null));
    await using load = new RequestLoad(() => watch.ready);

    await writeFleet([neighbour.name]);
    await repository.commit('drain');
    await eventually('the host to be left', async () =>
      (await picture([neighbour])).length === 0 ? true : null,
    );
    await convergence();
    const elsewhere = await idsOfWeb();

    await writeFleet();
    const undrained = await repository.commit('use it again');
    await eventually('the operator to know', async () =>
      daemon.log().includes(undrained) ? true : null,
    );
    await convergence();
    expect(await idsOfWeb()).toEqual(elsewhere);

    const moved = await commands.run('rebalance', '--max-moves=1', '--yes');
    expect(moved.code, moved.stderr).toBe(0);
    const isNew = (id: string): boolean => !elsewhere.includes(id);
    await eventually('one to move', async () => ((await idsOfWeb()).some(isNew) ? true : null));
    await convergence();
    expect((await idsOfWeb()).filter(isNew)).toHaveLength(1);
    expect(load.failed).toEqual([]);
    expect(load.answered).toBeGreaterThan(200);
    expect(watch.lowest).toBe(6);
  });
});

/** State and notes of a host. */
function noteOf({ hosts }: Status, { name }: SandboxHost): string {
  const found = hosts.find(({ host }) => host === name);
  return `${found?.state}: ${found?.notes.join('\n')}`;
}

/** What the operator has done to containers so far, as it logs it. */
function stepsIn(daemon: Daemon): readonly string[] {
  return daemon
    .log()
    .split('\n')
    .filter((line) => /"action":"[a-z]+-container".*"msg":"step (ended|failed)"/.test(line));
}
