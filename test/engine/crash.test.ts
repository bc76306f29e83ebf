import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AvailabilityWatch } from '../support/availability.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const kills = 20;
/** Far more than it takes where nothing else runs. */
const patienceMs = 150_000;
/** Fixed, so that a run that fails can be repeated; the engines' own timing is random enough. */
const seed = 20_261_121;

function manifest(image: string): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas: 6, update_config: { parallelism: 2, monitor: '200ms' } },
        'x-fleetwright': {
          gate: {
            http: { port: 8080, path: '/ready' },
            minHealthyTime: '100ms',
            healthyDeadline: '30s',
          },
        },
      },
    },
  };
}

describe('the daemon, killed in the middle', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeAll(async () => {
    repository = await ConfigRepository.create('crash-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest('testapp:v1'));
    await repository.commit('v1');
    expect((await commands.sync()).code).toBe(0);
  });
  afterAll(async () => {
    await clearHosts(hosts, 'crash-test');
    await repository[Symbol.asyncDispose]();
  });

  it(`converges after ${kills} kills at random moments, and availability was never broken`, async () => {
    const random = pseudoRandom(seed);
    const watch = new AvailabilityWatch(hosts, 'crash-test', 'web');
    for (let kill = 0; kill < kills; kill += 1) {
      // Two rollouts are under way all the time, so that a kill seldom meets an idle daemon.
      await repository.write(
        'shop/compose.yaml',
        manifest(kill % 4 < 2 ? 'testapp:v2' : 'testapp:v1'),
      );
      await repository.commit(`commit ${kill}`);
      const daemon = commands.start();
      await sleep(400 + random() * 1_800);
      await daemon.end('SIGKILL');
    }
    await repository.write('shop/compose.yaml', manifest('testapp:v3'));
    await repository.commit('the last one');
    await using last = commands.start();

    const isConverged = async (): Promise<true | null> =>
      (await commands.status()).converged ? true : null;
    await eventually('convergence', isConverged, patienceMs);
    await watch[Symbol.asyncDispose]();
    await last.end('SIGTERM');

    const containers = await listContainers(hosts, 'crash-test');
    expect(containers.map(({ image, state, slot }) => ({ image, state, slot }))).toEqual(
      ['1', '2', '3', '4', '5', '6'].map((slot) => ({
        image: 'testapp:v3',
        state: 'running',
        slot,
      })),
    );
    expect(watch.lowest).toBe(6);
  });
});

/** Mulberry32: a small generator with a seed. */
function pseudoRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
