import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { History } from '../../src/generated/history.ts';
import type { Status } from '../../src/generated/status.ts';
import type { Daemon } from '../support/command-line.ts';
import { Commands, fleetwright } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { Prometheus } from '../support/prometheus.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const fleet = 'queries-test';
/** Far more than it takes where nothing else runs. */
const patienceMs = 90_000;

/** A canary that a query judges. */
function shop(image: string, query: string): object {
  const analysis = { interval: '1s', queries: [{ name: 'errors', query, pass: '< 0.01' }] };
  return {
    services: {
      web: {
        image,
        deploy: { replicas: 2, update_config: { monitor: '200ms' } },
        'x-fleetwright': {
          gate: { http: { port: 8080, path: '/ready' }, minHealthyTime: '100ms' },
          rollout: {
            strategy: 'canary',
            steps: [{ replicas: 1, bake: '1s' }],
            analysis,
          },
        },
      },
    },
  };
}

/** As many workers as there are thirties in what a query gives. */
function work(query: string): object {
  const prometheus = { query, target: 30 };
  const autoscale = { min: 1, max: 5, prometheus, interval: '1s', stabilization: '1s' };
  const deploy = { update_config: { monitor: '200ms' } };
  const gate = { tcp: { port: 8080 }, minHealthyTime: '100ms' };
  const worker = { image: 'testapp:v1', deploy, 'x-fleetwright': { gate, autoscale } };
  return { services: { worker } };
}

describe('queries to a real Prometheus, on a real engine', () => {
  const { hosts: all, credentials } = sharedSandbox();
  const hosts = all.slice(0, 1);
  let prometheus: Prometheus | undefined;
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon | undefined;

  beforeAll(async () => {
    prometheus = await Prometheus.start();
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
    await repository.write('fleet.yaml', {
      name: fleet,
      prometheus: { url: prometheus.url },
      hosts: hosts.map(({ name, endpoint, address }) => ({ name, endpoint, address })),
    });
    await repository.write('shop/compose.yaml', shop('testapp:v1', 'vector(0)'));
    await repository.write('work/compose.yaml', work('vector(20)'));
    await repository.commit('v1');
    const { code, stderr, status } = await commands.sync('--timeout=60s');
    expect(code, `${stderr}\n${JSON.stringify(status, null, 1)}`).toBe(0);
    daemon = commands.start('--poll-interval=1s');
  });
  afterAll(async () => {
    try {
      await daemon?.[Symbol.asyncDispose]();
      await prometheus?.[Symbol.asyncDispose]();
    } finally {
      await clearHosts(hosts, fleet);
      await repository[Symbol.asyncDispose]();
    }
  });

  const imagesOf = async (application: string): Promise<readonly string[]> => {
    const found = await listContainers(hosts, fleet);
    return found.filter((one) => one.application === application).map(({ image }) => image);
  };

  const isThrough = async (commit: string, reason: string): Promise<Status | null> => {
    const status = await commands.status();
    if (status.revision.commit !== commit) return null;
    const own = status.applications.find(({ application }) => application === 'shop');
    const ready = own?.conditions.find(({ type }) => type === 'Ready');
    return ready?.reason === reason ? status : null;
  };

  const land = async (what: string, reason: string): Promise<void> => {
    const commit = await repository.commit(what);
    await eventually(`${what}: ${reason}`, () => isThrough(commit, reason), patienceMs);
  };

  it('send a version back whose canary does worse than it may, and let another one through', async () => {
    await repository.write('shop/compose.yaml', shop('testapp:v2', 'vector(0.2)'));
    await land('worse', 'RolledBack');
    expect(await imagesOf('shop')).toEqual(['testapp:v1', 'testapp:v1']);
    const { stdout } = await fleetwright(
      'history',
      'shop',
      `--state=${repository.beside('state')}`,
      '--output=json',
    );
    const { entries } = JSON.parse(stdout) as History;
    expect(entries.find(({ kind }) => kind === 'rollout-failed')?.message).toMatch(
      /^AnalysisFailed: errors failed in 1 of 1 measurements: it is to be < 0.01, and is 0.2/,
    );

    await repository.write('shop/compose.yaml', shop('testapp:v3', 'vector(0)'));
    await land('better', 'Converged');
    expect(await imagesOf('shop')).toEqual(['testapp:v3', 'testapp:v3']);
  });

  it('say how many instances there are', async () => {
    await repository.write('work/compose.yaml', work('vector(100)'));
    await repository.commit('more work');
    await eventually(
      'four work',
      async () => ((await imagesOf('work')).length === 4 ? true : null),
      patienceMs,
    );
    await repository.write('work/compose.yaml', work('vector(100) / 0'));
    await repository.commit('no number');
    const standing = await eventually(
      'it says why',
      async () => {
        const { applications } = await commands.status();
        const work = applications.find(({ application }) => application === 'work');
        return work?.services[0]?.autoscale?.metrics.find(({ reason }) => reason) ?? null;
      },
      patienceMs,
    );

    expect(standing).toEqual({
      metric: 'prometheus',
      value: null,
      target: 30,
      reason: 'the query gives "+Inf"',
    });
    expect(await imagesOf('work')).toHaveLength(4);
  });
});
