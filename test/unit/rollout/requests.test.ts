import { describe, expect, it } from 'vitest';

import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aWorld } from '../../support/builders.ts';
import { answerOf, asking, count, deployed, idsOf, made, play, playUntil, shop } from './play.ts';
import type { Fate } from './scenario.ts';
import { commit, decisionOf, exits, pass, fine, run, running, stalledBy } from './scenario.ts';

const canary: ServiceFacts = {
  replicas: 3,
  rollout: {
    strategy: 'canary',
    promote: 'manual',
    steps: [{ slots: { kind: 'count', count: 1 }, bakeMs: 10_000 }],
  },
};

/** The second version exits in the third slot. */
const thirdExits: Fate = (container) =>
  container.labels['fleetwright.slot'] === '3' ? exits('testapp:v2')(container) : {};

function answered(world: World): { readonly accepted: boolean; readonly message: string } {
  return answerOf(play(world, 2_000));
}

describe('a request', () => {
  it('for an application that is not there is turned down by name', () => {
    expect(answered(asking(deployed('v1'), 'retry', 'shpo'))).toEqual({
      accepted: false,
      message: expect.stringContaining('"shpo"') as string,
    });
  });

  it.each(['promote', 'abort', 'retry', 'resume'] as const)(
    '%s is turned down with a reason when there is nothing to do it to',
    (kind) => {
      const answer = answered(asking(deployed('v1'), kind));

      expect(answer.accepted).toBe(false);
      expect(answer.message).not.toBe('');
    },
  );

  it('is answered once, and carried out in the decision that answers it', () => {
    const { entries, steps } = play(asking(deployed('v1'), 'suspend'), 60_000);

    expect(entries.map(({ kind }) => kind)).toEqual(['suspended', 'request-answered']);
    expect(steps).toEqual([]);
  });

  it('is taken after those that were made before it', () => {
    const { entries, world } = play(asking(asking(deployed('v1'), 'suspend'), 'resume'), 60_000);

    expect(
      entries.flatMap((entry) =>
        entry.kind === 'request-answered' ? [[entry.request, entry.accepted]] : [],
      ),
    ).toEqual([
      [1, true],
      [2, true],
    ]);
    expect(world.journal.applications.get('shop')?.suspension).toBeNull();
  });

  it('for several applications is answered for each in one decision', () => {
    const world = aWorld([...shop('v1'), ...shop('v1', {}, { name: 'other' })]);

    const { entries } = decide(asking(asking(world, 'suspend'), 'suspend', 'other'));

    expect(entries.filter(({ kind }) => kind === 'request-answered')).toHaveLength(2);
  });

  it('that is made twice is no error the second time', () => {
    const { world } = play(asking(deployed('v1'), 'suspend'), 4_000);

    expect(answered(asking(world, 'suspend')).accepted).toBe(true);
  });
});

describe('abort', () => {
  const start = playUntil(
    commit(deployed('v1', { replicas: 3 }), shop('v2', { replicas: 3 }), 2),
    (world) => count(world, 'v2') === 2,
  ).world;

  it('undoes the rollout under way, and says who asked', () => {
    const aborted = play(asking(start, 'abort'), 120_000);

    expect(running(aborted.world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
    expect(decisionOf(aborted.last).target.failed).toMatchObject([
      { reason: 'Aborted', message: expect.stringContaining('ada') as string },
    ]);
    expect(stalledBy(aborted.last)).toBe('RolledBack');
  });

  it('takes no step towards the new revision any more', () => {
    const { steps } = play(asking(start, 'abort'), 120_000);

    expect(made(steps, 'v2')).toEqual([]);
  });

  it('holds until something changes, and "retry" tries it once more', () => {
    const { world } = play(asking(start, 'abort'), 600_000);

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
    expect(count(play(asking(world, 'retry'), 240_000).world, 'v2')).toBe(3);
  });

  it('goes back even where a failure would pause', () => {
    const paused: ServiceFacts = { replicas: 3, update: { failureAction: 'pause' } };
    const begun = playUntil(
      commit(deployed('v1', paused), shop('v2', paused), 2),
      (world) => count(world, 'v2') === 2,
    ).world;

    const { world } = play(asking(begun, 'abort'), 120_000);

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
  });

  it('of a first deployment halts it', () => {
    const first = play(aWorld(shop('v1', { replicas: 3 })), 4_000).world;

    const aborted = play(asking(first, 'abort'), 60_000);

    expect(answerOf(aborted).accepted).toBe(true);
    expect(stalledBy(aborted.last)).toBe('Halted');
  });

  it('ends a rollout that is paused already', () => {
    const paused: ServiceFacts = { replicas: 3, update: { failureAction: 'pause' } };
    const halted = play(commit(deployed('v1', paused), shop('v2', paused), 2), 120_000, {
      fate: thirdExits,
    });
    expect(stalledBy(halted.last)).toBe('Halted');

    const aborted = play(asking(halted.world, 'abort'), 120_000, { fate: thirdExits });

    expect(answerOf(aborted).accepted).toBe(true);
    expect(running(aborted.world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
  });

  it('of what is back already is turned down', () => {
    const failed = run(commit(deployed('v1'), shop('v2'), 2), exits('testapp:v2')).world;

    expect(answered(asking(failed, 'abort')).accepted).toBe(false);
  });
});

describe('promote', () => {
  it('is turned down for a rollout without canaries, and for a rollback', () => {
    const rolling = play(
      commit(deployed('v1', { replicas: 3 }), shop('v2', { replicas: 3 }), 2),
      4_000,
    ).world;
    expect(answered(asking(rolling, 'promote')).accepted).toBe(false);

    const failed = play(commit(deployed('v1', canary), shop('v2', canary), 2), 30_000, {
      fate: exits('testapp:v2'),
    }).world;
    expect(answered(asking(failed, 'promote')).accepted).toBe(false);
  });

  it('is turned down for a first deployment, which has no canary', () => {
    const first = play(aWorld(shop('v1', canary)), 4_000).world;

    expect(answered(asking(first, 'promote')).accepted).toBe(false);
  });

  it('is no error twice', () => {
    const waiting = play(commit(deployed('v1', canary), shop('v2', canary), 2), 60_000).world;
    const { world } = play(asking(waiting, 'promote'), 2_000);

    expect(answered(asking(world, 'promote')).accepted).toBe(true);
  });
});

function group(tag: string): ReturnType<typeof shop> {
  return ['shop', 'other'].flatMap((name) => shop(tag, {}, { name, rolloutGroup: 'g' }));
}

describe('retry', () => {
  it.each(['shop', 'other'])('said of "%s" is for what failed in its group', (member) => {
    const start = commit(run(aWorld(group('v1'))).world, group('v2'), 2);
    const { world: failed } = run(start, ({ name, spec }) =>
      name.startsWith('other') && spec.image === 'testapp:v2'
        ? { state: 'exited', exitCode: 1 }
        : {},
    );

    const { world } = run(asking(failed, 'retry', member));

    expect(running(failed)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2']);
  });

  it('is turned down when it is another application that has failed', () => {
    const started = run(aWorld([...shop('v1'), ...shop('v1', {}, { name: 'other' })])).world;
    const failures: World['failures'] = new Map([
      [
        'shop/web/1',
        {
          action: 'start-container',
          hash: '',
          failure: { class: 'infrastructure', reason: 'HostTrouble', message: 'no' },
          attempts: 1,
          retryAt: started.now + 60_000,
        },
      ],
    ]);

    expect(answered(asking({ ...started, failures }, 'retry', 'other')).accepted).toBe(false);
    expect(answered(asking({ ...started, failures }, 'retry', 'shop')).accepted).toBe(true);
  });

  it('tries a failed step at once', () => {
    const before = deployed('v1');
    const start = commit(before, shop('v9', { container: { image: 'testapp:v9' } }), 2);
    const down = {
      class: 'infrastructure',
      reason: 'RegistryUnavailable',
      message: 'HTTP 503',
    } as const;
    const { world } = play(start, 120_000, {
      refuse: ({ action }) => (action.kind === 'pull-image' ? down : null),
    });
    const asked = asking(world, 'retry');

    const answer = decide(asked);
    const next = decide({ ...pass(asked, answer, [], fine), failures: new Map() });

    expect(next.steps.map(({ action }) => action.kind)).toEqual(['pull-image']);
  });

  it('of a failed step keeps the canaries where they are', () => {
    const two: ServiceFacts = {
      replicas: 4,
      rollout: {
        strategy: 'canary',
        steps: [
          { slots: { kind: 'count', count: 1 }, bakeMs: 10_000 },
          { slots: { kind: 'count', count: 2 }, bakeMs: 600_000 },
        ],
      },
    };
    const start = play(commit(deployed('v1', two), shop('v2', two), 2), 60_000).world;
    const canaries = idsOf(start, 'v2');
    const failures: World['failures'] = new Map([
      [
        'host-1/image/testapp:v2',
        {
          action: 'pull-image',
          hash: '',
          failure: { class: 'infrastructure', reason: 'RegistryUnavailable', message: '503' },
          attempts: 1,
          retryAt: start.now + 60_000,
        },
      ],
    ]);

    const { world } = play(asking({ ...start, failures }, 'retry'), 60_000);

    expect(canaries.size).toBe(2);
    expect(idsOf(world, 'v2')).toEqual(canaries);
  });
});
