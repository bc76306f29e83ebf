import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Fleet } from '../../src/fleet/fleet.ts';
import type { Step } from '../../src/model/step.ts';
import type { SandboxHost } from '../../src/sandbox/sandbox-host.ts';
import { aroundExecute } from '../support/around-execute.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { converge } from '../support/live-operator.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

function manifest(image: string, order: string): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas: 2, update_config: { order, monitor: '200ms' } },
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

/** The state that a replacement is in, by the step that led there: the table of crash points. */
const points: readonly (readonly [string, string, (step: Step) => boolean])[] = [
  ['the successor is created', 'start-first', ({ action }) => action.kind === 'create-container'],
  ['the successor is started', 'start-first', ({ action }) => action.kind === 'start-container'],
  ['the successor is promoted', 'start-first', (step) => setsRestart(step, true)],
  ['the predecessor is fenced', 'start-first', (step) => setsRestart(step, false)],
  ['the predecessor is stopped', 'start-first', ({ action }) => action.kind === 'stop-container'],
  ['the predecessor is removed', 'start-first', ({ action }) => action.kind === 'remove-container'],
  ['the predecessor is fenced', 'stop-first', (step) => setsRestart(step, false)],
  ['the predecessor is stopped', 'stop-first', ({ action }) => action.kind === 'stop-container'],
  ['the predecessor is removed', 'stop-first', ({ action }) => action.kind === 'remove-container'],
  ['the successor is started', 'stop-first', ({ action }) => action.kind === 'start-container'],
];

function setsRestart({ action }: Step, promotes: boolean): boolean {
  if (action.kind !== 'update-container' || action.restart === null) return false;
  return promotes === (action.restart.name !== 'no');
}

describe('a host that loses its power in the middle of a replacement', () => {
  const { hosts: all } = sharedSandbox();
  const hosts = all.slice(0, 1);
  let repository: ConfigRepository;

  beforeEach(async () => {
    repository = await ConfigRepository.create('points-test', hosts);
  });
  afterEach(async () => {
    await clearHosts(hosts, 'points-test');
    await repository[Symbol.asyncDispose]();
  });

  const commit = async (image: string, order: string): Promise<void> => {
    await repository.write('shop/compose.yaml', manifest(image, order));
    await repository.commit(image);
  };

  it.each(points)('when %s (%s): converges', async (_point, order, isPoint) => {
    await commit('testapp:v1', order);
    await converge(repository);
    await commit('testapp:v2', order);
    const [host] = hosts;
    if (host === undefined) throw new Error('the sandbox has no host');
    const cut = new PowerCut(host, isPoint);

    await converge(repository, { around: (fleet) => cut.around(fleet), pingMs: 1_000 });

    expect(cut.happened).toBe(true);
    const containers = await listContainers(hosts, 'points-test');
    expect(containers.map(({ image, slot, state }) => ({ image, slot, state }))).toEqual([
      { image: 'testapp:v2', slot: '1', state: 'running' },
      { image: 'testapp:v2', slot: '2', state: 'running' },
    ]);
  });
});

/** Takes the power from a host right after the first step of a kind, before its answer is heard. */
class PowerCut {
  happened = false;
  readonly #host: SandboxHost;
  readonly #isPoint: (step: Step) => boolean;

  constructor(host: SandboxHost, isPoint: (step: Step) => boolean) {
    this.#host = host;
    this.#isPoint = isPoint;
  }

  around(fleet: Fleet): Fleet {
    return aroundExecute(fleet, async (step, execute) => {
      const outcome = await execute();
      if (!this.happened && this.#isPoint(step)) {
        this.happened = true;
        await this.#host.powerCycle();
      }
      return outcome;
    });
  }
}
