import { describe, expect, it } from 'vitest';

import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { answerOf, asking, count, deployed, neverReady, play, playUntil, shop } from './play.ts';
import { commit, decisionOf, edit, exits, run, running } from './scenario.ts';
import type { Fate } from './scenario.ts';

const hour = 60 * 60_000;
const suspend = { suspend: true };

function kindsOf({
  entries,
}: {
  readonly entries: readonly { readonly kind: string }[];
}): readonly string[] {
  return entries.map(({ kind }) => kind);
}

/** Suspends in this way for a time, and resumes in the same way. */
type Break = (world: World, facts: ServiceFacts, ms: number, fate?: Fate) => World;

const byRequest: Break = (world, _facts, ms, fate) => {
  const { world: waited } = play(asking(world, 'suspend'), ms, fate === undefined ? {} : { fate });
  return asking(waited, 'resume');
};

const byManifest: Break = (world, facts, ms, fate) => {
  const still = commit(world, shop('v2', facts, suspend), 3);
  const { world: waited } = play(still, ms, fate === undefined ? {} : { fate });
  return commit(waited, shop('v2', facts), 4);
};

const breaks: readonly [string, Break][] = [
  ['by request', byRequest],
  ['by the manifest', byManifest],
];

describe('a suspended application', () => {
  it.each<[string, World]>([
    ['by request', asking(deployed('v1', { replicas: 2 }), 'suspend')],
    [
      'by the manifest',
      commit(deployed('v1', { replicas: 2 }), shop('v1', { replicas: 2 }, suspend), 2),
    ],
  ])('%s: gets no step, whatever breaks and whatever is committed', (_name, start) => {
    const { world } = play(start, 4_000);
    const broken = edit(world, (one) =>
      one.labels['fleetwright.slot'] === '1' ? null : { ...one, state: 'paused' },
    );
    const more = { replicas: 5, container: { image: 'testapp:v2' } };
    const { suspend: isSuspended } = start.desired.applications[0] ?? { suspend: false };

    const kept = play(broken, hour);
    const changed = play(commit(kept.world, shop('v2', more, { suspend: isSuspended }), 5), hour);

    expect(kept.steps).toEqual([]);
    expect(changed.steps).toEqual([]);
    expect(decisionOf(changed.last)).toMatchObject({ suspended: true, settled: false });
  });

  it('is told what has drifted all the same', () => {
    const { world } = play(asking(deployed('v1', { replicas: 2 }), 'suspend'), 4_000);
    const broken = edit(world, (one) => ({ ...one, state: 'paused' }));

    const { last } = play(broken, 10_000);

    expect(last.drift.map((item) => item.class)).toEqual(['paused', 'paused']);
    expect(decisionOf(last).conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', reason: 'Suspended' }),
    );
  });

  it('writes nothing while nothing happens', () => {
    const { world } = play(asking(deployed('v1'), 'suspend'), 4_000);

    const { entries } = play(world, hour);

    expect(entries).toEqual([]);
  });

  it('goes on where it was when it is resumed', () => {
    const start = playUntil(
      commit(deployed('v1', { replicas: 3 }), shop('v2', { replicas: 3 }), 2),
      (world) => count(world, 'v2') === 1,
    ).world;

    const resumed = run(byRequest(start, {}, hour));

    expect(running(resumed.world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
    expect(resumed.last.settled).toBe(true);
  });

  it('is healed when it is resumed', () => {
    const { world } = play(asking(deployed('v1', { replicas: 2 }), 'suspend'), 4_000);
    const broken = edit(world, () => null);

    const resumed = run(asking(broken, 'resume'));

    expect(running(resumed.world)).toEqual(['testapp:v1', 'testapp:v1']);
  });

  it('does not stop the others', () => {
    const both = [...shop('v1', {}, suspend), ...shop('v1', {}, { name: 'other' })];
    const { world } = play(commit(deployed('v1'), both, 2), 20_000);

    const { steps } = run(
      commit(world, [...shop('v2', {}, suspend), ...shop('v2', {}, { name: 'other' })], 3),
    );

    expect(new Set(steps.map(({ application }) => application))).toEqual(new Set(['other']));
  });
});

describe('the clocks of a rollout stand still', () => {
  it.each(breaks)('%s: the watch after it', (_name, pause) => {
    const facts: ServiceFacts = { update: { monitorMs: 60_000 } };
    const start = play(commit(deployed('v1'), shop('v2', facts), 2), 40_000).world;
    expect(start.journal.applications.get('shop')?.rollout?.settledAt).not.toBeNull();

    const resumed = pause(start, facts, hour);
    const early = play(resumed, 20_000);
    const late = play(early.world, 40_000);

    expect(kindsOf(early)).not.toContain('succeeded');
    expect(kindsOf(late)).toContain('succeeded');
  });

  it.each(breaks)('%s: the progress deadline', (_name, pause) => {
    const facts: ServiceFacts = { gate: { healthyDeadlineMs: 24 * hour } };
    const start = play(commit(deployed('v1', facts), shop('v2', facts), 2), 5 * 60_000, {
      fate: neverReady,
    }).world;

    const resumed = pause(start, facts, 2 * hour, neverReady);
    const early = play(resumed, 4 * 60_000, { fate: neverReady });
    const late = play(early.world, 2 * 60_000, { fate: neverReady });

    expect(kindsOf(early)).not.toContain('quarantined');
    expect(kindsOf(late)).toContain('quarantined');
  });

  it.each(breaks)('%s: the bake of a canary', (_name, pause) => {
    const facts: ServiceFacts = {
      replicas: 3,
      rollout: {
        strategy: 'canary',
        steps: [{ slots: { kind: 'count', count: 1 }, bakeMs: 60_000 }],
      },
    };
    const start = play(commit(deployed('v1', facts), shop('v2', facts), 2), 30_000).world;

    const resumed = pause(start, facts, hour);
    const early = play(resumed, 20_000);
    const late = play(early.world, 120_000);

    expect(kindsOf(early)).not.toContain('stage-passed');
    expect(count(early.world, 'v2')).toBe(1);
    expect(count(late.world, 'v2')).toBe(3);
  });

  it.each(breaks)(
    '%s: a failure while it was suspended is judged when it is resumed',
    (_name, pause) => {
      const facts: ServiceFacts = { replicas: 2 };
      const start = playUntil(
        commit(deployed('v1', facts), shop('v2', facts), 2),
        (world) => count(world, 'v2') === 1,
      ).world;
      const fate = exits('testapp:v2');

      const { world, steps } = run(pause(start, facts, 60_000, fate), fate);

      expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
      expect(steps.length).toBeGreaterThan(0);
    },
  );
});

describe('the two ways to suspend', () => {
  const both = play(
    commit(play(asking(deployed('v1'), 'suspend'), 4_000).world, shop('v1', {}, suspend), 2),
    4_000,
  ).world;

  it('a commit that takes "suspend" out does not undo the request', () => {
    const { last } = play(commit(both, shop('v2'), 3), 60_000);

    expect(decisionOf(last).suspended).toBe(true);
  });

  it('and then "resume" does', () => {
    const { world } = play(commit(both, shop('v2'), 3), 60_000);

    expect(running(run(asking(world, 'resume')).world)).toEqual(['testapp:v2']);
  });

  it('"resume" does not undo the manifest, and says what does', () => {
    const resumed = play(asking(both, 'resume'), 60_000);

    expect(answerOf(resumed)).toMatchObject({
      accepted: false,
      message: expect.stringContaining('apps/shop/compose.yaml') as string,
    });
    expect(decisionOf(resumed.last).suspended).toBe(true);
  });

  it('a request that comes while the manifest suspends holds after it', () => {
    const byFile = play(commit(deployed('v1'), shop('v1', {}, suspend), 2), 4_000).world;
    const asked = play(asking(byFile, 'suspend'), 4_000).world;

    const { last, steps } = play(commit(asked, shop('v2'), 3), 60_000);

    expect(decisionOf(last).suspended).toBe(true);
    expect(steps).toEqual([]);
  });

  it('commits in between change nothing of a requested one', () => {
    const asked = play(asking(deployed('v1'), 'suspend'), 4_000).world;

    const { steps } = play(commit(asked, shop('v2'), 2), hour);

    expect(steps).toEqual([]);
  });
});
