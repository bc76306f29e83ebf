import { describe, expect, it } from 'vitest';

import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aWorld } from '../../support/builders.ts';
import { asking, count, deployed, idsOf, made, play, shop, stepsOn } from './play.ts';
import { commit, decisionOf, edit, exits, run, running, stalledBy } from './scenario.ts';
import type { Fate } from './scenario.ts';

/** v2 exits in this slot. */
function failsIn(...slots: readonly string[]): Fate {
  return (container) =>
    slots.includes(container.labels['fleetwright.slot'] ?? '')
      ? exits('testapp:v2')(container)
      : {};
}

/** v2 breaks in this slot when it has been promoted there. */
function breaksIn(slot: string): Fate {
  return ({ spec, restart, labels }) =>
    spec.image === 'testapp:v2' && restart.name !== 'no' && labels['fleetwright.slot'] === slot
      ? { restartCount: 1 }
      : {};
}

function begun(facts: ServiceFacts): World {
  return commit(deployed('v1', facts), shop('v2', facts), 2);
}

describe('max_failure_ratio', () => {
  const facts: ServiceFacts = { replicas: 4, update: { maxFailureRatio: 0.25 } };

  it('lets the others go on over so many slots, for as long as it takes', () => {
    const { world, last, entries } = play(begun(facts), 30 * 60_000, { fate: failsIn('2') });

    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
    expect(count(world, 'v2')).toBe(3);
    expect(stalledBy(last)).toBe('RolloutFailed');
  });

  it('moves no last-known-good over a slot that has failed', () => {
    const { world } = play(begun(facts), 30 * 60_000, { fate: failsIn('2') });

    expect(world.journal.applications.get('shop')?.lastKnownGood?.commit).toBe(
      '1'.padStart(40, '0'),
    );
  });

  it('keeps the old instance in a slot that has failed', () => {
    const { world, last } = play(begun(facts), 30 * 60_000, { fate: failsIn('2') });

    expect(count(world, 'v1')).toBe(1);
    expect(decisionOf(last).services[0]?.available).toBe(4);
  });

  it('rolls back with one more', () => {
    const { world, last } = play(begun(facts), 10 * 60_000, { fate: failsIn('2', '3') });

    expect(stalledBy(last)).toBe('RolledBack');
    expect(running(world)).toEqual(Array.from({ length: 4 }, () => 'testapp:v1'));
  });

  it.each([
    [3, 0.33, false],
    [3, 0.34, true],
    [4, 0.24, false],
    [1, 0.99, false],
    [1, 1, true],
  ])('of %i slots, %d tolerates one: %s', (replicas, maxFailureRatio, tolerates) => {
    const { last } = play(begun({ replicas, update: { maxFailureRatio } }), 60_000, {
      fate: failsIn('1'),
    });

    expect(stalledBy(last)).toBe(tolerates ? 'RolloutFailed' : 'RolledBack');
  });

  it('ends well when the slot comes up after all', () => {
    const start = play(begun(facts), 60_000, { fate: failsIn('2') }).world;

    const { world, last } = play(start, 10 * 60_000);

    expect(count(world, 'v2')).toBe(4);
    expect(last.settled).toBe(true);
  });

  it('tries the slot again ever later', () => {
    const { steps } = play(begun(facts), 30 * 60_000, { fate: failsIn('2') });

    expect(made(steps, 'v2').filter((slot) => slot === '2').length).toBeLessThan(15);
  });
});

describe('failure_action: continue', () => {
  const facts: ServiceFacts = { replicas: 3, update: { failureAction: 'continue' } };

  it('goes on over all that fail, and never gives up', () => {
    const { world, last, entries } = play(begun(facts), 30 * 60_000, { fate: failsIn('1', '2') });

    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
    expect([count(world, 'v1'), count(world, 'v2')]).toEqual([2, 1]);
    expect(stalledBy(last)).not.toBe('');
  });
});

describe('failure_action: pause', () => {
  const facts: ServiceFacts = { replicas: 4, update: { failureAction: 'pause' } };
  const fate = failsIn('3');
  const paused = play(begun(facts), 120_000, { fate });

  it('stops where it is: the new ones that serve stay, and so do the old ones', () => {
    expect(stalledBy(paused.last)).toBe('Halted');
    expect([count(paused.world, 'v1'), count(paused.world, 'v2')]).toEqual([2, 2]);
    expect(decisionOf(paused.last).services[0]?.available).toBe(4);
  });

  it('takes no step for as long as nobody says anything', () => {
    const { steps, last } = play(paused.world, 30 * 60_000, { fate });

    expect(steps).toEqual([]);
    expect(stalledBy(last)).toBe('Halted');
  });

  it('repairs an old instance with the old version', () => {
    const broken = edit(paused.world, (one) =>
      one.labels['fleetwright.slot'] === '4' ? null : one,
    );

    const { world, steps } = play(broken, 60_000, { fate });

    expect(made(steps, 'v2')).toEqual([]);
    expect([count(world, 'v1'), count(world, 'v2')]).toEqual([2, 2]);
  });

  it('repairs a new instance with the old version too: the new one has failed', () => {
    const broken = edit(paused.world, (one) =>
      one.labels['fleetwright.slot'] === '1' ? null : one,
    );

    const { world, steps } = play(broken, 60_000, { fate });

    expect(made(steps, 'v2')).toEqual([]);
    expect([count(world, 'v1'), count(world, 'v2')]).toEqual([3, 1]);
  });

  it('goes on with a new commit', () => {
    const { world, last } = run(commit(paused.world, shop('v3', facts), 3), fate);

    expect(count(world, 'v3')).toBe(4);
    expect(last.settled).toBe(true);
  });

  it('goes on with "retry"', () => {
    const { world, last } = play(asking(paused.world, 'retry'), 240_000);

    expect(count(world, 'v2')).toBe(4);
    expect(last.settled).toBe(true);
  });

  it('goes back with a revert commit', () => {
    const { world, last } = run(commit(paused.world, shop('v1', facts), 3), fate);

    expect(count(world, 'v1')).toBe(4);
    expect(last.settled).toBe(true);
  });

  it('turns "promote" down: there is nothing to promote', () => {
    const { entries } = play(asking(paused.world, 'promote'), 4_000);

    expect(entries).toContainEqual(
      expect.objectContaining({ kind: 'request-answered', accepted: false }),
    );
  });

  it('takes nothing away when canaries are paused', () => {
    const canary: ServiceFacts = {
      ...facts,
      rollout: {
        strategy: 'canary',
        steps: [{ slots: { kind: 'count', count: 2 }, bakeMs: 60_000 }],
      },
    };
    const start = begun(canary);
    const old = idsOf(start);

    const { world, steps, last } = play(start, 240_000, { fate: breaksIn('2') });

    expect(stalledBy(last)).toBe('Halted');
    expect(stepsOn(steps, old)).toEqual([]);
    expect([...idsOf(world)].filter((id) => old.has(id))).toHaveLength(4);
  });

  it('keeps the memory of it over a restart', () => {
    const again = { ...paused.world, readiness: new Map(), failures: new Map() };

    const { steps } = play(again, 60_000, { fate });

    expect(steps).toEqual([]);
  });

  it('halts a first deployment with what serves', () => {
    const first = play(aWorld(shop('v2', facts)), 120_000, { fate: breaksIn('3') });

    expect(stalledBy(first.last)).toBe('Halted');
    expect(decisionOf(first.last).services[0]?.available).toBeGreaterThanOrEqual(3);
  });
});
