import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { History } from '../../src/generated/history.ts';
import type { Status } from '../../src/generated/status.ts';
import type { Daemon } from '../support/command-line.ts';
import { Commands, fleetwright } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { ConstantLoad } from '../support/constant-load.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { haproxyConfiguration, haproxyEdge } from '../support/haproxy-edge.ts';
import { loadProxyImage } from '../support/proxy-image.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const fleet = 'autoscale-test';
const site = 'shop.example.com';
const intervalMs = 2_000;
/** Far more than it takes where nothing else runs. */
const patienceMs = 90_000;

const proxyConfiguration = haproxyConfiguration({
  retries: `
  retries 0`,
  backends: `
backend shop:web from ingress
  balance roundrobin`,
});

const edge = haproxyEdge({ deploy: { mode: 'global', update_config: { monitor: '200ms' } } });

/** The load is 500 requests a second, and somewhat fewer on a busy machine. CPUs never ask for more than requests do. */
const shop = {
  services: {
    web: {
      image: 'testapp:v1',
      deploy: { replicas: 1, update_config: { monitor: '200ms' } },
      'x-fleetwright': {
        gate: { http: { port: 8080, path: '/ready' }, minHealthyTime: '100ms' },
        expose: { host: site, port: 8080, drainTimeout: '5s' },
        autoscale: {
          min: 1,
          max: 3,
          requestsPerSecond: 100,
          cpu: '10000%',
          interval: `${intervalMs}ms`,
          stabilization: `${3 * intervalMs}ms`,
        },
      },
    },
  },
};

type WebStatus = Status['applications'][number]['services'][number];

function webOf({ applications }: Status): WebStatus {
  const [web] = applications.find(({ application }) => application === 'shop')?.services ?? [];
  if (web === undefined) throw new Error('there is no service "web"');
  return web;
}

describe('a service whose number of instances goes by its load, on two engines', () => {
  const { hosts: all, credentials } = sharedSandbox();
  const hosts = all.slice(0, 2);
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon | undefined;

  beforeAll(async () => {
    await loadProxyImage(hosts);
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
    await repository.write('fleet.yaml', {
      name: fleet,
      ingress: { driver: 'haproxy', service: 'edge/haproxy' },
      hosts: hosts.map(({ name, endpoint, address }) => ({ name, endpoint, address })),
    });
    await repository.write('edge/haproxy.cfg', proxyConfiguration);
    await repository.write('edge/compose.yaml', edge);
    await repository.write('shop/compose.yaml', shop);
    await repository.commit('v1');
    const { code, stderr, status } = await commands.sync('--timeout=120s');
    expect(code, `${stderr}\n${JSON.stringify(status, null, 1)}`).toBe(0);
    daemon = commands.start('--poll-interval=1s');
  });
  afterAll(async () => {
    try {
      await daemon?.[Symbol.asyncDispose]();
    } finally {
      await clearHosts(hosts, fleet);
      await repository[Symbol.asyncDispose]();
    }
  });

  interface Change {
    readonly from: number;
    readonly to: number;
    readonly why: string;
  }

  /** The changes of the number, the oldest first. */
  const changes = async (): Promise<readonly Change[]> => {
    const state = `--state=${repository.beside('state')}`;
    const { stdout } = await fleetwright('history', 'shop', state, '--output=json');
    const { entries } = JSON.parse(stdout) as History;
    return entries
      .filter(({ kind }) => kind === 'scaled')
      .map(({ message, cause }) => {
        const [from = 0, to = 0] = message.split(' → ').map(Number);
        return { from, to, why: cause };
      })
      .toReversed();
  };

  const own = async (): Promise<readonly ListedContainer[]> =>
    (await listContainers(hosts, fleet)).filter(({ application }) => application === 'shop');

  it('has more instances when a load steps up, fewer when it is gone, and loses no request', async () => {
    await eventually('it is measured', async () => {
      const { metrics = [] } = webOf(await commands.status()).autoscale ?? {};
      return metrics.length === 2 && metrics.every(({ value }) => value !== null) ? true : null;
    });
    await using load = new ConstantLoad({
      addresses: hosts.map(({ address }) => address),
      port: 8000,
      host: site,
    });
    const under = await eventually(
      '3 run, and use their CPUs',
      async () => {
        const web = webOf(await commands.status());
        const cpu = web.autoscale?.metrics.find(({ metric }) => metric === 'cpu');
        const running = (await own()).filter(({ state }) => state === 'running');
        return web.desired === 3 && running.length === 3 && (cpu?.value ?? 0) > 0 ? web : null;
      },
      patienceMs,
    );
    await load[Symbol.asyncDispose]();
    await eventually(
      'one is left',
      async () => ((await own()).length === 1 ? true : null),
      patienceMs,
    );

    expect(load.failures).toEqual([]);
    expect(under).toMatchObject({ autoscale: { min: 1, max: 3 } });
    const all = await changes();
    // On a busy machine the load may falter, and the number with it: each change has its cause all the same.
    expect(all.map(({ from }) => from)).toEqual([1, ...all.map(({ to }) => to)].slice(0, -1));
    expect(all.map(({ to }) => to)).toContain(3);
    expect(all.at(-1)?.to).toBe(1);
    for (const { from, to, why } of all) {
      expect(why).toMatch(to > from ? /^requests \d+\/s above 100\/s$/ : / below /);
    }
    expect((await commands.drift()).items).toEqual([]);
  });
});
