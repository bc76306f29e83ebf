import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Share, UpdatePolicy } from '../../../src/model/application.ts';
import { boundsOf } from '../../../src/rollout/shares.ts';
import type { World } from '../../../src/rollout/world.ts';
import { aService } from '../../support/builders.ts';
import { count, countLive, deployed, made, neverReady, play, playUntil, shop } from './play.ts';
import { commit, containers, decisionOf, edit, run, running } from './scenario.ts';

interface Extremes {
  live: number;
  available: number;
}

/** The most instances that run, and the fewest slots that serve, on the way from one version to the next. */
function extremes(start: World): Extremes & { readonly end: World } {
  const seen = { live: 0, available: Number.POSITIVE_INFINITY };
  const { world } = play(start, 120_000, {
    watch(now, decision) {
      seen.live = Math.max(seen.live, countLive(now));
      const [service] = decisionOf(decision).services;
      seen.available = Math.min(seen.available, service?.available ?? 0);
    },
  });
  return { ...seen, end: world };
}

function update(replicas: number, policy: Partial<UpdatePolicy>): World {
  const facts = { replicas, update: policy };
  return commit(deployed('v1', facts), shop('v2', facts), 2);
}

function all(replicas: number): readonly string[] {
  return Array.from({ length: replicas }, () => 'testapp:v2');
}

describe('an update within its bounds', () => {
  it.each<[string, number, Partial<UpdatePolicy>, number, number]>([
    ['one beside by default', 3, {}, 4, 3],
    ['one missing with stop-first', 3, { order: 'stop-first' }, 3, 2],
    ['all beside', 4, { parallelism: 0 }, 8, 4],
    ['25 % of 3 beside', 3, { parallelism: 0, maxSurge: { kind: 'percent', percent: 25 } }, 4, 3],
    [
      '50 % of 4 missing and nothing beside',
      4,
      {
        parallelism: 0,
        maxSurge: { kind: 'count', count: 0 },
        maxUnavailable: { kind: 'percent', percent: 50 },
      },
      4,
      2,
    ],
    [
      'nothing beside and nothing missing: one is missing',
      3,
      { maxSurge: { kind: 'count', count: 0 }, maxUnavailable: { kind: 'count', count: 0 } },
      3,
      2,
    ],
    [
      'both together',
      4,
      {
        parallelism: 0,
        maxSurge: { kind: 'count', count: 1 },
        maxUnavailable: { kind: 'count', count: 1 },
      },
      5,
      3,
    ],
  ])('%s', (_name, replicas, policy, live, available) => {
    const seen = extremes(update(replicas, policy));

    expect(seen).toMatchObject({ live, available });
    expect(running(seen.end)).toEqual(all(replicas));
  });

  it('keeps them at every pass, for any number, surge, unavailability and order (law)', () => {
    const share: fc.Arbitrary<Share | null> = fc.option(
      fc.oneof(
        fc.integer({ min: 0, max: 4 }).map((number) => ({ kind: 'count' as const, count: number })),
        fc.integer({ min: 0, max: 100 }).map((percent) => ({ kind: 'percent' as const, percent })),
      ),
    );
    const policies = fc.record({
      maxSurge: share,
      maxUnavailable: share,
      parallelism: fc.nat(3),
      order: fc.constantFrom('start-first' as const, 'stop-first' as const),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), policies, (replicas, policy) => {
        const service = aService({ replicas, update: policy });
        const { surge, unavailable } = boundsOf(service.update, policy.order, replicas);

        const seen = extremes(update(replicas, policy));

        expect(seen.live).toBeLessThanOrEqual(replicas + surge);
        expect(seen.available).toBeGreaterThanOrEqual(replicas - unavailable);
        expect(running(seen.end)).toEqual(all(replicas));
      }),
      { numRuns: 40 },
    );
  });

  it('keeps them while the number of replicas changes on the way (law)', () => {
    const size = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(size, size, fc.nat(8), fc.nat(2), (before, after, passes, surge) => {
        const policy = { maxSurge: { kind: 'count', count: surge } } as const;
        const started = play(update(before, policy), passes * 2_000).world;
        const live = Math.max(before, countLive(started));
        const unavailable = surge === 0 ? 1 : 0;

        const facts = { replicas: after, update: policy };
        const seen = extremes(commit(started, shop('v2', facts), 3));

        expect(seen.live).toBeLessThanOrEqual(Math.max(live, after + surge));
        expect(seen.available).toBeGreaterThanOrEqual(Math.min(before, after) - unavailable);
        expect(running(seen.end)).toEqual(all(after));
      }),
      { numRuns: 40 },
    );
  });
});

describe('bounds that a commit lowers in the middle', () => {
  it.each([1, 3])(
    '%i replicas: what is made and not started gives way, and goes on',
    (replicas) => {
      const begun = playUntil(update(replicas, {}), (world) =>
        containers(world).some(({ state }) => state === 'created'),
      ).world;
      const facts = { replicas, update: { order: 'stop-first' } } as const;

      const seen = extremes(commit(begun, shop('v2', facts), 3));

      expect(seen.live).toBeLessThanOrEqual(replicas);
      expect(seen.available).toBeGreaterThanOrEqual(replicas - 1);
      expect(running(seen.end)).toEqual(all(replicas));
    },
  );
});

it('what is made in a slot that serves nothing waits when more runs than the bound allows', () => {
  const facts = { replicas: 3, update: { parallelism: 0 } } as const;
  const begun = playUntil(update(3, facts.update), (world) =>
    containers(world).some(({ state }) => state === 'created'),
  ).world;
  // A host comes back with what could not be seen: two slots have both versions, and the third has lost its old one.
  const crowded = edit(begun, (one) => {
    const isThird = one.labels['fleetwright.slot'] === '3';
    if (one.state !== 'created') return isThird ? null : one;
    return isThird ? one : { ...one, state: 'running', startedAt: begun.now, health: 'starting' };
  });
  const lower = { ...facts, update: { maxSurge: { kind: 'count', count: 1 } } } as const;

  const { steps } = play(commit(crowded, shop('v2', lower), 3), 20_000, { fate: neverReady });

  expect(steps.map(({ action, slot }) => `${action.kind} ${slot}`)).not.toContain(
    'start-container 3',
  );
});

describe('old instances that are broken already', () => {
  const facts = {
    replicas: 4,
    container: { restart: { name: 'always', maximumRetryCount: 0 } },
  } as const;
  const sick = edit(deployed('v1', facts), (container) =>
    ['3', '4'].includes(container.labels['fleetwright.slot'] ?? '')
      ? { ...container, state: 'restarting', exitCode: 1 }
      : container,
  );

  it('are replaced at once, beside the first of the others', () => {
    const { steps } = run(commit(sick, shop('v2', facts), 2));

    expect(made(steps, 'v2')).toEqual(['1', '3', '4', '2']);
  });

  it('leave those that serve alone until the broken ones are well again', () => {
    const fixed = play(commit(sick, shop('v2', facts), 2), 120_000, {
      watch(world, decision) {
        const available = decisionOf(decision).services[0]?.available ?? 0;
        if (available < 4) expect(count(world, 'v1')).toBeGreaterThanOrEqual(2);
        expect(available).toBeGreaterThanOrEqual(2);
      },
    });

    expect(running(fixed.world)).toEqual(all(4));
  });

  it('hold up nothing when all of them are broken', () => {
    const broken = edit(deployed('v1', facts), (container) => ({
      ...container,
      state: 'restarting',
      exitCode: 1,
    }));

    const fixed = run(commit(broken, shop('v2', facts), 2));

    expect(running(fixed.world)).toEqual(all(4));
    expect(fixed.last.settled).toBe(true);
  });

  it('hold up nothing with stop-first and one at a time either', () => {
    const stopFirst = { ...facts, update: { order: 'stop-first' } } as const;
    const broken = edit(deployed('v1', stopFirst), (container) => ({
      ...container,
      health: 'unhealthy',
    }));

    const fixed = run(commit(broken, shop('v2', stopFirst), 2));

    expect(running(fixed.world)).toEqual(all(4));
    expect(fixed.last.settled).toBe(true);
  });
});
