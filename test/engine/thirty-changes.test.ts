import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { DriftReport, Item } from '../../src/generated/drift.ts';
import type { Entry, History } from '../../src/generated/history.ts';
import type { Daemon } from '../support/command-line.ts';
import { Commands, fleetwright } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { notedSuccess } from '../support/noted-success.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleet = 'thirty-changes';
const mib = 2 ** 20;

/** One instance of each service on each of three hosts. */
const manifest = `x-service: &service
  image: testapp:v1
  restart: unless-stopped
  cpu_shares: 512
  cpuset: "0"
  deploy:
    replicas: 3
    update_config: { monitor: 0s, parallelism: 0 }
    resources:
      limits: { memory: 64M, cpus: "0.5", pids: 50 }
      reservations: { memory: 32M }
  networks: { front: { aliases: [www] }, back: {} }
  x-fleetwright: { gate: { minHealthyTime: 100ms } }
services:
  amber: *service
  blue: *service
  coral: *service
  denim: *service
networks:
  front:
  back:
  side:
`;

const reporting = 'x-fleetwright: { drift: { selfHeal: false } }\n';

/** Line and column of what the services say below their anchor, by the path in the report. */
const places: Readonly<Record<string, readonly [number, number]>> = {
  restart: [3, 12],
  cpu_shares: [4, 15],
  cpuset: [5, 11],
  'deploy.resources.limits.memory': [10, 25],
  'deploy.resources.limits.cpus': [10, 36],
  'deploy.resources.limits.pids': [10, 49],
  'deploy.resources.reservations.memory': [11, 31],
  'networks.front': [12, 15],
  'networks.back': [12, 42],
};

/** Lines of the services themselves, for what stands nowhere else. */
const services: Readonly<Record<string, number>> = { amber: 15, blue: 16, coral: 17, denim: 18 };

function placeOf(to: string, path: string): { readonly line: number; readonly column: number } {
  const service = services[to.split('/')[0] ?? ''] ?? 0;
  const [line, column] = places[path] ?? [service, 3];
  return { line, column };
}

/** What a person does to one container, and what the report must say of it. */
interface Change {
  readonly to: string;
  readonly act: (container: Docker.Container, engine: Docker) => Promise<unknown>;
  readonly class: Item['class'];
  readonly path: string;
  readonly desired: unknown;
  readonly observed: unknown;
  readonly cause: string;
}

type Effect = Omit<Change, 'to'>;

function update(path: string, options: object, desired: unknown, observed: unknown): Effect {
  const act = (container: Docker.Container): Promise<unknown> => container.update(options);
  const cause = 'docker update';
  return { act, class: 'mutable-field', path, desired, observed, cause };
}

function restart(observed: string): Effect {
  const options = { RestartPolicy: { Name: observed } };
  return update('restart', options, 'unless-stopped', observed);
}

function limit(name: string, options: object, desired: number, observed: number): Effect {
  return update(`deploy.resources.limits.${name}`, options, desired, observed);
}

function rename(to: string): Effect {
  return {
    act: (container) => container.rename({ name: to }),
    class: 'renamed',
    path: 'container_name',
    desired: expect.stringMatching(/^shop-/),
    observed: to,
    cause: 'docker rename',
  };
}

function state(name: Item['class'], observed: string, cause: string, act: Effect['act']): Effect {
  return {
    act,
    class: name,
    path: 'state',
    desired: 'running',
    observed,
    cause,
  };
}

function ofNetwork(network: string, cause: string, act: Effect['act'], values: object): Effect {
  const desired = expect.arrayContaining(network === 'front' ? ['www'] : []);
  const facts = { class: 'network', path: `networks.${network}` } as const;
  return { act, desired, observed: null, ...facts, cause, ...values };
}

function disconnect(network: string): Effect {
  const act: Effect['act'] = ({ id }, engine) =>
    engine.getNetwork(`shop_${network}`).disconnect({ Container: id, Force: false });
  return ofNetwork(network, 'docker network disconnect', act, {});
}

function otherAlias(alias: string): Effect {
  const act: Effect['act'] = async ({ id }, engine) => {
    const network = engine.getNetwork('shop_front');
    await network.disconnect({ Container: id, Force: false });
    await network.connect({ Container: id, EndpointConfig: { Aliases: [alias] } });
  };
  const observed = expect.arrayContaining([alias]);
  return ofNetwork('front', 'docker network', act, { observed });
}

const kill = (signal: string): Effect =>
  state('stopped', 'exited', 'killed by signal', (container) => container.kill({ signal }));

/** By service and slot, in the order in which they are made to a container; containers are changed side by side. */
const changes: readonly Change[] = Object.entries({
  'amber/1': [
    limit('memory', { Memory: 128 * mib, MemorySwap: 256 * mib }, 64 * mib, 128 * mib),
    restart('always'),
    rename('amber-by-hand'),
  ],
  'amber/2': [
    limit('cpus', { NanoCpus: 250_000_000 }, 500_000_000, 250_000_000),
    restart('on-failure'),
    disconnect('front'),
  ],
  'amber/3': [limit('pids', { PidsLimit: 70 }, 50, 70), rename('amber-too'), otherAlias('web2')],
  'blue/1': [
    update('cpu_shares', { CpuShares: 256 }, 512, 256),
    restart('always'),
    disconnect('back'),
  ],
  'blue/2': [
    update(
      'deploy.resources.reservations.memory',
      { MemoryReservation: 16 * mib },
      32 * mib,
      16 * mib,
    ),
    rename('blue-by-hand'),
    disconnect('front'),
  ],
  'blue/3': [
    update('cpuset', { CpusetCpus: '0-1' }, '0', '0-1'),
    restart('on-failure'),
    otherAlias('web3'),
  ],
  'coral/1': [
    restart('always'),
    rename('coral-by-hand'),
    state('stopped', 'exited', 'docker stop', (container) => container.stop()),
  ],
  'coral/2': [rename('coral-too'), disconnect('back'), kill('SIGKILL')],
  'coral/3': [
    rename('coral-three'),
    disconnect('front'),
    state('paused', 'paused', 'docker pause', (container) => container.pause()),
  ],
  'denim/1': [
    {
      act: (container: Docker.Container) => container.remove({ force: true }),
      class: 'missing' as const,
      path: '',
      desired: 'testapp:v1',
      observed: null,
      cause: 'docker rm',
    },
  ],
  'denim/2': [restart('always'), kill('SIGTERM')],
}).flatMap(([to, effects]) => effects.map((effect) => ({ to, ...effect })));

describe('thirty changes by hand, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon;
  let commit: string;
  const madeAt = new Map<Change, readonly [number, number]>();

  const containers = (): Promise<readonly ListedContainer[]> => listContainers(hosts, fleet);
  const healed = async (): Promise<readonly Entry[]> => {
    const state = `--state=${repository.beside('state')}`;
    const { stdout } = await fleetwright('history', state, '--output=json', '--limit=1000');
    const { entries } = JSON.parse(stdout) as History;
    return entries.filter(({ kind }) => kind === 'healed');
  };

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', `${manifest}${reporting}`);
    commit = await repository.commit('shop');
    daemon = commands.start();
    await eventually('the daemon to converge', async () => {
      const running = (await containers()).filter((one) => one.state === 'running');
      return running.length === 12 && (await commands.status()).converged ? running : null;
    });
    await notedSuccess(daemon, commit);
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  it('are thirty items, each with what, where, when and by what, and nothing else', async () => {
    const list = await containers();
    expect(new Set(list.map(({ host }) => host)).size).toBe(3);
    const makeAll = async (to: string, own: readonly Change[]): Promise<void> => {
      const found = list.find(({ service, slot }) => `${service}/${slot}` === to);
      const host = hosts.find(({ name }) => name === found?.host);
      if (found === undefined || host === undefined) throw new Error(`${to} is not there`);
      const engine = shellOf(host);
      for (const change of own) {
        const begin = Date.now();
        await change.act(engine.getContainer(found.id), engine);
        madeAt.set(change, [begin, Date.now()]);
      }
    };
    const targets = [...new Set(changes.map(({ to }) => to))];
    await Promise.all(
      targets.map((to) =>
        makeAll(
          to,
          changes.filter((one) => one.to === to),
        ),
      ),
    );

    const report = await eventually('thirty items', async () => {
      const found = await commands.drift();
      return open(found).length >= changes.length ? found : null;
    });

    expect(changes).toHaveLength(30);
    const items = open(report);
    expect(items).toHaveLength(30);
    for (const change of changes) {
      const item = items.find(
        ({ service, slot, path }) => `${service}/${slot}` === change.to && path === change.path,
      );
      const origin = { file: 'shop/compose.yaml', commit, ...placeOf(change.to, change.path) };
      expect(item, `${change.to} ${change.path}`).toMatchObject({
        class: change.class,
        desired: change.desired,
        observed: change.observed,
        origin,
        action: 'report',
        cause: { detail: expect.stringContaining(change.cause) as unknown },
      });
      const [begin = 0, end = 0] = madeAt.get(change) ?? [];
      const seen = Date.parse(item?.firstSeen ?? '');
      expect(seen, `${change.to} ${change.path}`).toBeGreaterThan(begin - 2_000);
      expect(seen, `${change.to} ${change.path}`).toBeLessThan(end + 2_000);
    }
    expect(await healed()).toEqual([]);
  });

  it('are all put right once the commit says so, each told of with its cause', async () => {
    await repository.write('shop/compose.yaml', manifest);
    await repository.commit('heal');

    await eventually('an empty report', async () => {
      const report = await commands.drift();
      return open(report).length === 0 && (await commands.status()).converged ? report : null;
    });

    // A step shows on its host before it is written down.
    const entries = await eventually('thirty heals', async () => {
      const found = await healed();
      return found.length >= changes.length ? found : null;
    });
    expect(entries).toHaveLength(30);
    for (const { to, path, class: kind, cause } of changes) {
      const found = entries.filter(
        (entry) =>
          `${entry.service}/${entry.slot}` === to &&
          entry.cause.startsWith(`${kind} ${path}`.trim()),
      );
      expect(found, `${to} ${path}`).toHaveLength(1);
      expect(found[0]?.cause).toContain(cause);
      expect(found[0]?.result).toBe('done');
    }
  });
});

function open({ items }: DriftReport): readonly Item[] {
  return items.filter((item) => item.state === 'open');
}
