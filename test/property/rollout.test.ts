import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../src/model/application.ts';
import { acceptEntries } from '../../src/model/accept-entries.ts';
import { reduceJournal } from '../../src/model/journal-reduce.ts';
import { label } from '../../src/model/labels.ts';
import type { ObservedContainer } from '../../src/model/observation.ts';
import { applySteps } from '../../src/rollout/apply-steps.ts';
import type { Decision } from '../../src/rollout/decide.ts';
import { decide } from '../../src/rollout/decide.ts';
import type { World } from '../../src/rollout/world.ts';
import { aDesiredState, anApplication, aService, aWorld } from '../support/builders.ts';

/**
 * A loop whose steps are executed in any order, of which any may be lost, which is forgotten at any time, and which is
 * given new commits at any time. It is the operator without its hands.
 */
interface Moment {
  /** Which of the decided steps are executed, by their number modulo; the others are lost. */
  readonly executed: readonly number[];
  /** A commit arrives: replicas and image. */
  readonly commit: { readonly replicas: number; readonly image: string } | null;
  /** The journal is lost. */
  readonly forgets: boolean;
  readonly passes: number;
}

const hosts = ['host-1', 'host-2', 'host-3'];
const images = ['testapp:v1', 'testapp:v2', 'testapp:v3'];

const moments: fc.Arbitrary<readonly Moment[]> = fc.array(
  fc.record({
    executed: fc.array(fc.nat(7), { maxLength: 4 }),
    commit: fc.option(
      fc.record({ replicas: fc.integer({ min: 1, max: 5 }), image: fc.constantFrom(...images) }),
      { freq: 4 },
    ),
    forgets: fc.nat(40).map((number) => number === 0),
    passes: fc.nat(5_000),
  }),
  { minLength: 1, maxLength: 40 },
);

function shop(replicas: number, image: string, parallelism: number): readonly ApplicationSpec[] {
  return [anApplication([aService({ replicas, container: { image }, update: { parallelism } })])];
}

function follow(world: World, applications: readonly ApplicationSpec[], seed: number): World {
  const desired = aDesiredState(applications, hosts, seed);
  const names = applications.map(({ name }) => name);
  const entries = acceptEntries(world.journal, desired.revision.commit, names);
  return { ...world, desired, journal: entries.reduce(reduceJournal, world.journal) };
}

function containersOf(world: World): readonly ObservedContainer[] {
  return [...world.observations.values()].flatMap((host) =>
    host.kind === 'reachable' ? host.containers : [],
  );
}

/**
 * Running instances in slots that are asked for. As Kubernetes does not count a pod that is being terminated, those in
 * slots that a commit took away do not hold back a slot that serves nothing: they may be waiting for it.
 */
function liveCount(world: World, replicas: number): number {
  return containersOf(world).filter(
    ({ state, labels }) => state === 'running' && Number(labels[label.slot]) <= replicas,
  ).length;
}

function availableSlots(decision: Decision): number {
  return decision.applications[0]?.services[0]?.available ?? 0;
}

function pass(
  world: World,
  moment: Moment,
): { readonly decision: Decision; readonly world: World } {
  const decision = decide(world);
  const journal = decision.entries.reduce(reduceJournal, world.journal);
  const { steps } = decision;
  const chosen = new Set(moment.executed.map((number) => number % Math.max(1, steps.length)));
  const executed = steps.filter((_step, index) => chosen.has(index));
  const now = world.now + moment.passes;
  return { decision, world: applySteps({ ...world, journal, now }, executed) };
}

const everything = Array.from({ length: 64 }, (_, index) => index);

/** Lets it run undisturbed until nothing is left to do. */
function settle(start: World): { readonly decision: Decision; readonly world: World } {
  let world = start;
  for (let round = 0; round < 400; round += 1) {
    const next = pass(world, { executed: everything, commit: null, forgets: false, passes: 2_000 });
    if (next.decision.settled && next.decision.entries.length === 0) return next;
    world = next.world;
  }
  throw new Error('it did not settle');
}

describe('a rollout under any loss of steps, of memory, and any commits', () => {
  it('converges, and keeps its promise of availability and its bound on instances on the way', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 3 }), (script, parallelism) => {
        let replicas = 4;
        let world = settle(aWorld(shop(replicas, 'testapp:v1', parallelism))).world;
        let promised = replicas;
        for (const [index, moment] of script.entries()) {
          if (moment.commit !== null) {
            promised = Math.min(promised, moment.commit.replicas);
            replicas = moment.commit.replicas;
            world = follow(world, shop(replicas, moment.commit.image, parallelism), index + 2);
          }
          if (moment.forgets) {
            const { applications } = world.desired;
            world = follow({ ...world, journal: aWorld(applications).journal }, applications, 1);
          }
          const before = liveCount(world, replicas);
          const next = pass(world, moment);
          const bound = Math.max(before, replicas + parallelism);
          expect(availableSlots(next.decision)).toBeGreaterThanOrEqual(promised);
          expect(liveCount(next.world, replicas)).toBeLessThanOrEqual(bound);
          world = next.world;
          if (availableSlots(next.decision) >= replicas) promised = replicas;
        }
        const end = settle(world);
        const image = end.world.desired.applications[0]?.services[0]?.container.image;
        const containers = containersOf(end.world);
        expect(containers).toHaveLength(replicas);
        expect(new Set(containers.map(({ spec }) => spec.image))).toEqual(new Set([image]));
        expect(end.decision.drift).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('decides the same whatever the order of its inputs', () => {
    fc.assert(
      fc.property(fc.constantFrom(...images), fc.nat(100), (image, rotation) => {
        const applications = ['a', 'b', 'c'].map((name) => anApplication([aService()], { name }));
        const world = settle(aWorld(applications)).world;
        const next = follow(
          world,
          ['a', 'b', 'c'].map((name) =>
            anApplication([aService({ container: { image } })], { name }),
          ),
          2,
        );
        const list = [...next.observations];
        const turned = [...list.slice(rotation % 3), ...list.slice(0, rotation % 3)].map(
          ([name, host]) =>
            [
              name,
              host.kind === 'reachable'
                ? { ...host, containers: host.containers.toReversed() }
                : host,
            ] as const,
        );

        const shuffled = { ...next, observations: new Map(turned) };

        expect(JSON.stringify(decide(shuffled))).toBe(JSON.stringify(decide(next)));
      }),
      { numRuns: 50 },
    );
  });
});
