/** A fleet on which a second version begins as a canary. */
import type { CanaryStep } from '../../../src/model/application.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { count, deployed, playUntil, shop } from './play.ts';
import type { Fate } from './scenario.ts';
import { commit, decisionOf } from './scenario.ts';

/** How long each step is watched. */
export const bakeMs = 60_000;

/** A step of so many slots. */
export function step(
  slots: number,
  unit: 'count' | 'percent' = 'count',
  bake = bakeMs,
): CanaryStep {
  return {
    slots: unit === 'count' ? { kind: 'count', count: slots } : { kind: 'percent', percent: slots },
    bakeMs: bake,
  };
}

/** A service of four replicas with these steps. */
export function canary(steps: readonly CanaryStep[], facts: ServiceFacts = {}): ServiceFacts {
  return {
    replicas: 4,
    ...facts,
    rollout: { strategy: 'canary', steps, ...facts.rollout },
  };
}

export const one = canary([step(1)]);
export const two = canary([step(1), step(50, 'percent')]);
export const manual = canary([step(1)], { rollout: { promote: 'manual' } });

/** v2 begins as a canary. */
export function begun(facts: ServiceFacts): World {
  return commit(deployed('v1', facts), shop('v2', facts), 2);
}

/** All canaries of a step stand and are watched. */
export function watched(facts: ServiceFacts, canaries = 1): World {
  return playUntil(
    begun(facts),
    (world, decision) =>
      count(world, 'v2') === canaries &&
      decisionOf(decision).waiting.some(({ kind }) => kind === 'monitor'),
  ).world;
}

/** v2 passes its gate, and breaks once it is promoted. */
export const breaksLater: Fate = ({ spec, restart }) =>
  spec.image === 'testapp:v2' && restart.name !== 'no' ? { restartCount: 1 } : {};

/** What runs: so many of the old version and so many of the new one. */
export function images(v1: number, v2: number): readonly string[] {
  return [
    ...Array.from({ length: v1 }, () => 'testapp:v1'),
    ...Array.from({ length: v2 }, () => 'testapp:v2'),
  ];
}
