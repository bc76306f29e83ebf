import { describe, expect, it } from 'vitest';

import type { AnalysisQuery, AnalysisSpec } from '../../../src/model/analysis.ts';
import { countMeasurement } from '../../../src/model/analysis.ts';
import type { ApplicationSpec, ServiceSpec } from '../../../src/model/application.ts';
import type { QueryReading } from '../../../src/model/autoscale.ts';
import { withCombinedHashes } from '../../../src/model/hash.ts';
import { toHostName } from '../../../src/model/names.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import { asMeasured, worldOfCommit } from '../../../src/rollout/world-of-commit.ts';
import { anApplication, aService, aWorld, type ServiceFacts } from '../../support/builders.ts';
import { bakeMs, canary, images, step, watched } from './canaries.ts';
import { asking, play, shop } from './play.ts';
import { commit, decisionOf, pass, fine, run, running } from './scenario.ts';

const errors: AnalysisQuery = {
  name: 'errors',
  query: 'sum(errors)',
  pass: { operator: '<', number: 0.01 },
  fail: { operator: '>=', number: 0.05 },
};
const latency: AnalysisQuery = {
  name: 'latency',
  query: 'max(latency)',
  pass: { operator: '<=', number: 0.5 },
  fail: null,
};
const analysis: AnalysisSpec = { queries: [errors, latency], intervalMs: 10_000, failureLimit: 1 };

const facts = (more: ServiceFacts = {}, steps = [step(1)]): ServiceFacts =>
  canary(steps, { ...more, rollout: { analysis } });

/** What each query gives each time: a number, or why there is none. */
type Gives = readonly [errors: number | string, latency: number | string];

const readingOf = (what: number | string): QueryReading =>
  typeof what === 'number' ? { kind: 'read', value: what } : { kind: 'unread', reason: what };

/** Decides every two seconds, and measures each time what somebody is asked to measure. */
function measuring(start: World, ms: number, gives: (second: number) => Gives): World {
  let world: World = { ...start, analyses: new Map() };
  while (world.now < start.now + ms) {
    const decision = decide(world);
    const next = pass(world, decision, decision.steps, fine);
    const [target] = decisionOf(decision).analyses;
    world = { ...next, analyses: target === undefined ? new Map() : next.analyses };
    if (target === undefined) continue;
    const before = world.analyses?.get('shop/web');
    const known = before?.target.since === target.since ? before.queries : new Map();
    const numbers = gives((world.now - start.now) / 1_000);
    const queries = new Map(
      [errors, latency].map((query, at) => {
        const last = readingOf(numbers[at] ?? '');
        return [query.name, countMeasurement(known.get(query.name), query, last)] as const;
      }),
    );
    world = { ...world, analyses: new Map([['shop/web', { target, queries }]]) };
  }
  return world;
}

function everywhere(tag: string): ServiceSpec {
  return aService({ ...facts(), mode: 'global', container: { image: `testapp:${tag}` } });
}

/** On one of three hosts it has another image. */
function overridden(tag: string): readonly ApplicationSpec[] {
  const variants = [{ hosts: [toHostName('host-2')], service: everywhere(tag) }];
  return [anApplication(withCombinedHashes([{ ...everywhere('base'), variants }]))];
}

function reasonsIn(world: World): readonly string[] {
  return decisionOf(decide(world)).waiting.map(({ kind, reason }) => `${kind} ${reason}`);
}

const well = (): Gives => [0.001, 0.2];

/** One measurement of a latency fails. */
function spoiltOnce(atSecond: number): (second: number) => Gives {
  return (second) => (second >= atSecond && second < atSecond + 2 ? [0.001, 0.9] : well());
}

describe('canaries that are measured', () => {
  it('go on after their bake when the last of each query has passed', () => {
    const start = { ...watched(facts()), analyses: new Map() };
    const soon = measuring(start, bakeMs / 2, well);
    expect(running(soon)).toEqual(images(4, 1));
    expect(reasonsIn(soon)).toContain(
      'monitor canary step 1 of 1 is watched: 1 of 4 slots; errors 0.001, latency 0.2',
    );

    expect(running(measuring(soon, bakeMs + 30_000, well))).toEqual(images(0, 4));
  });

  it('go back when a query fails more often than it may', () => {
    const start = watched(facts());
    const after = measuring(start, bakeMs, (second) => [second < 10 ? 0.2 : 0.001, 0.2]);

    expect(running(after)).toEqual(images(4, 0));
    expect(after.journal.applications.get('shop')?.quarantined).toMatchObject([
      {
        reason: 'AnalysisFailed',
        message: 'errors failed in 2 of 2 measurements: it is to be < 0.01, and is 0.2',
      },
    ]);
  });

  it('go on when a query has failed no more often than it may, and passes', () => {
    const start = watched(facts());
    let isFirst = true;
    const once = (): Gives => {
      const found = isFirst ? 0.9 : 0.2;
      isFirst = false;
      return [0.001, found];
    };

    expect(running(measuring(start, bakeMs + 3 * 60_000, once))).toEqual(images(0, 4));
  });

  it.each<[string, Gives, string]>([
    ['not known', ['HTTP 503', 0.2], 'monitor canary step 1 of 1: errors is not known: HTTP 503'],
    [
      'neither',
      [0.03, 0.2],
      'promotion canary step 1 of 1: errors is 0.03, and is to be < 0.01: say "fleetwright promote shop" or "abort"',
    ],
  ])('stay where they are while a query is %s, and go on when it passes', (_name, gives, why) => {
    const start = watched(facts());
    const held = measuring(start, 20 * bakeMs, () => gives);
    expect(running(held)).toEqual(images(4, 1));
    expect(reasonsIn(held)).toContain(why);

    expect(running(measuring(held, 3 * 60_000, well))).toEqual(images(0, 4));
  });

  it('go on when somebody promotes them', () => {
    const held = measuring(watched(facts()), 2 * bakeMs, () => [0.03, 0.2]);
    const promoted = measuring(asking(held, 'promote'), 3 * 60_000, () => [0.03, 0.2]);

    expect(running(promoted)).toEqual(images(0, 4));
  });

  it('stand so for who looks on, too', () => {
    const held = measuring(watched(facts()), 2 * bakeMs, () => [0.03, 0.2]);
    const journal = { ...held.journal, analyses: held.analyses ?? new Map() };
    const seen = worldOfCommit(held.desired, held.observations, journal, held.now);

    expect(reasonsIn({ ...asMeasured(seen), readiness: held.readiness })).toEqual(reasonsIn(held));
    expect(reasonsIn(held)).toContainEqual(expect.stringMatching(/^promotion .*errors is 0.03/));
  });

  it('stay where they are as long as nobody has measured', () => {
    const start = { ...watched(facts()), analyses: new Map() };
    const { world } = play(start, 2 * bakeMs);

    expect(running(world)).toEqual(images(4, 1));
    expect(reasonsIn(world)).toContain('monitor canary step 1 of 1: errors is not measured yet');
  });

  it('are measured anew in each step', () => {
    const start = watched(facts({}, [step(1), step(2)]));
    const first = measuring(start, bakeMs + 20_000, spoiltOnce(10));
    expect(running(first)).toEqual(images(4, 2));
    const second = measuring(first, bakeMs + 3 * 60_000, spoiltOnce(10));

    expect(running(second)).toEqual(images(0, 4));
  });

  it('are not judged by what a query gave that the commit has changed', () => {
    const held = measuring(watched(facts()), 2 * bakeMs, () => [0.03, 0.2]);
    const lax = { ...errors, query: 'sum(other)', pass: { operator: '<', number: 1 } as const };
    const mended = { ...analysis, queries: [lax, latency] };
    const changed = commit(
      held,
      shop('v2', canary([step(1)], { rollout: { analysis: mended } })),
      3,
    );

    expect(decide(changed).entries.map(({ kind }) => kind)).not.toContain('stage-passed');
    expect(reasonsIn(changed)).toContain('monitor canary step 1 of 1: errors is not measured yet');
  });

  it('are another try when a commit mends what they are measured by', () => {
    const bad = measuring(watched(facts()), bakeMs, () => [0.9, 0.2]);
    const lax = { ...errors, fail: null, pass: { operator: '<', number: 1 } as const };
    const rollout = { analysis: { ...analysis, queries: [lax, latency] } };
    const mended = commit(bad, shop('v2', canary([step(1)], { rollout })), 3);

    expect(decisionOf(decide(bad)).target.mode).toBe('rollback');
    expect(decisionOf(decide(mended)).target.mode).toBe('desired');
  });

  it('fail the override that has changed, and a commit that changes that goes on', () => {
    const before = run(aWorld(overridden('v1'))).world;
    const bad = measuring(commit(before, overridden('v2'), 2), bakeMs, () => [0.9, 0.2]);
    expect(running(bad)).toEqual(['testapp:base', 'testapp:base', 'testapp:v1']);
    expect(decisionOf(decide(bad)).target.mode).toBe('rollback');
    const next = measuring(commit(bad, overridden('v3'), 3), 3 * bakeMs, well);

    expect(running(next)).toEqual(['testapp:base', 'testapp:base', 'testapp:v3']);
  });

  it('go on over failures when the manifest says so', () => {
    const start = watched(facts({ update: { failureAction: 'continue' } }));

    expect(running(measuring(start, bakeMs + 3 * 60_000, () => [0.9, 0.2]))).toEqual(images(0, 4));
  });

  it('are taken for well in a plan', () => {
    const { waves } = predict({ ...watched(facts()), analyses: null });

    expect(JSON.stringify(waves)).toContain('testapp:v2');
  });
});
