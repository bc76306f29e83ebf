import { afterEach, describe, expect, test, vi } from 'vitest';

import { noRestart } from '../../src/model/container.ts';
import { namedScenarios } from './named-scenarios.ts';
import { makeScenario } from './scenario.ts';
import { simulate } from './simulation.ts';
import { formatFailure } from './tally.ts';

describe('simulated fleets', () => {
  const firstSeeds = Array.from({ length: 60 }, (_, index) => 1 + index);
  /** Each has found a fault of its own. */
  const mended = [
    431, 783, 1456, 1695, 2130, 2765, 4234, 4608, 4722, 5249, 6172, 6878, 8375, 8612, 9107, 10_272,
    10_791, 11_057, 13_030, 13_535, 13_803,
  ];
  const seeds = [...firstSeeds, ...mended];

  test.each(seeds)('all invariants hold for seed %i', async (seed) => {
    const run = await simulate(makeScenario(seed));

    expect(run.violation === null ? '' : formatFailure(run)).toBe('');
    expect(run.counts.checks).toBeGreaterThan(0);
  });

  test('the same seed gives the same run, another seed another one', async () => {
    const runs = [];
    for (const seed of [7, 7, 8]) runs.push(await simulate(makeScenario(seed)));
    const [first, again, other] = runs.map(({ digest }) => digest);

    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe('a faulty operator is caught', () => {
  afterEach(() => {
    for (const name of ['gate', 'retire', 'prune', 'await-traffic'])
      vi.doUnmock(`../../src/rollout/${name}.ts`);
    vi.resetModules();
  });

  test('one that takes whatever runs for ready', async () => {
    vi.doMock(import('../../src/rollout/gate.ts'), async (load) => ({
      ...(await load()),
      judge: () => ({ kind: 'passed' }),
    }));

    const violation = await violationOf('rolling update, start-first');

    expect(violation).toMatch(/^availability is kept/);
  });

  test('one that stops what the engine may start again', async () => {
    vi.doMock(import('../../src/rollout/retire.ts'), async (load) => {
      const actual = await load();
      const nextRetirement: typeof actual.nextRetirement = (instance, service) => {
        const container = { ...instance.container, restart: noRestart };
        return actual.nextRetirement({ ...instance, container }, service);
      };
      return { ...actual, nextRetirement };
    });

    const violation = await violationOf('rolling update, start-first');

    expect(violation).toMatch(/^what is stopped does not come back by itself/);
  });

  test('one that stops what a proxy sends requests to', async () => {
    vi.doMock(import('../../src/rollout/await-traffic.ts'), async (load) => ({
      ...(await load()),
      isHeldByTraffic: () => false,
    }));

    const violation = await violationOf('update behind a proxy');

    expect(violation).toMatch(/^nothing is stopped that a proxy sends requests to/);
  });

  test('one that never prunes', async () => {
    vi.doMock(import('../../src/rollout/prune.ts'), async (load) => {
      const actual = await load();
      const decidePrune: typeof actual.decidePrune = (...world) => ({
        ...actual.decidePrune(...world),
        steps: [],
        entries: [],
        waiting: [],
        settled: true,
      });
      return { ...actual, decidePrune };
    });

    const violation = await violationOf('prune');

    expect(violation).toMatch(/^nothing is left over/);
  });
});

/** What is found when a scenario is run with the faults that are put in place of the modules. */
async function violationOf(name: string): Promise<string | null> {
  const named = namedScenarios.find((one) => one.name === name);
  if (named === undefined) throw new Error(`there is no scenario "${name}"`);
  vi.resetModules();
  const faulty = await import('./simulation.ts');
  return (await faulty.simulate(named.scenario)).violation;
}
