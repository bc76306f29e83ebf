import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { RolloutPolicy } from '../../src/model/application.ts';
import { decide } from '../../src/rollout/decide.ts';
import type { World } from '../../src/rollout/world.ts';
import type { ServiceFacts } from '../support/builders.ts';
import { asking, count, countLive, deployed, play, shop } from '../unit/rollout/play.ts';
import { commit, decisionOf, exits, pass, running } from '../unit/rollout/scenario.ts';

/** A rollout by any strategy, whose steps and memory are lost, whose new version may be bad, and which people talk to. */
interface Moment {
  readonly executed: readonly number[];
  readonly forgets: boolean;
  readonly asks: 'promote' | 'abort' | 'retry' | 'suspend' | 'resume' | null;
  readonly tag: 'v1' | 'v2' | 'v3' | null;
}

const moments: fc.Arbitrary<readonly Moment[]> = fc.array(
  fc.record({
    executed: fc.array(fc.nat(7), { maxLength: 4 }),
    forgets: fc.boolean(),
    asks: fc.option(fc.constantFrom('promote', 'abort', 'retry', 'suspend', 'resume'), { freq: 8 }),
    tag: fc.option(fc.constantFrom('v1', 'v2', 'v3'), { freq: 6 }),
  }),
  { minLength: 5, maxLength: 40 },
);

const step = fc.record({
  slots: fc
    .integer({ min: 1, max: 3 })
    .map((number) => ({ kind: 'count' as const, count: number })),
  bakeMs: fc.constantFrom(0, 4_000, 10_000),
});

const rollouts: fc.Arbitrary<Partial<RolloutPolicy>> = fc.record({
  strategy: fc.constant('canary' as const),
  steps: fc.array(step, { maxLength: 2 }),
  attempts: fc.integer({ min: 1, max: 3 }),
  promote: fc.constantFrom('auto' as const, 'manual' as const),
});

const orders = fc.constantFrom('start-first' as const, 'stop-first' as const);

/** v2 and v3 exit at their start, or do not. */
const fates = fc.subarray(['testapp:v2', 'testapp:v3']).map((images) => exits(...images));

function settle(world: World, fate: ReturnType<typeof exits>): World {
  let { world: now } = play(asking(world, 'resume'), 60_000, { fate });
  for (let round = 0; round < 3; round += 1) {
    now = play(asking(now, 'promote'), 60_000, { fate }).world;
  }
  return now;
}

describe('a rollout by any strategy, under any loss and any request', () => {
  it('keeps its promise of availability, and comes to what is asked for or to what was good', () => {
    const replicas = 3;
    fc.assert(
      fc.property(moments, rollouts, orders, fates, (script, rollout, order, fate) => {
        const facts: ServiceFacts = { replicas, rollout, update: { order }, rollback: { order } };
        const promised = order === 'stop-first' ? replicas - 1 : replicas;
        let world = deployed('v1', facts);
        for (const [index, { executed, forgets, asks, tag }] of script.entries()) {
          if (tag !== null) world = commit(world, shop(tag, facts), index + 2);
          if (asks !== null) world = asking(world, asks);
          if (forgets) world = { ...world, readiness: new Map(), failures: new Map() };
          const decision = decide(world);
          if (!forgets) {
            expect(decisionOf(decision).services[0]?.available).toBeGreaterThanOrEqual(promised);
          }
          const chosen = new Set(
            executed.map((number) => number % Math.max(1, decision.steps.length)),
          );
          world = pass(
            world,
            decision,
            decision.steps.filter((_step, at) => chosen.has(at)),
            fate,
          );
          expect(countLive(world)).toBeLessThanOrEqual(2 * replicas + 1);
        }

        const end = settle(world, fate);

        expect(countLive(end)).toBe(replicas);
        expect(new Set(running(end)).size).toBe(1);
        const { last } = play(end, 2_000, { fate });
        const [wanted] = decisionOf(last).target.spec.services;
        expect(count(end, wanted?.container.image.slice('testapp:'.length) ?? '')).toBe(replicas);
        expect(last.steps).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});
