import { describe, expect, it } from 'vitest';

import type { UpdatePolicy } from '../../../src/model/application.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aQuarantine, aService } from '../../support/builders.ts';
import {
  asking,
  count,
  countLive,
  deployed,
  idsOf,
  made,
  play,
  playUntil,
  shop,
  stepsOn,
} from './play.ts';
import { commit, containers, decisionOf, exits, run, running, stalledBy } from './scenario.ts';
import type { Fate } from './scenario.ts';

const replicas = 4;

function facts(rollback: Partial<UpdatePolicy> = {}): ServiceFacts {
  return { replicas, rollback };
}

/** The fourth slot fails at the new version, when the others have it already. */
const lastFails: Fate = (container) =>
  container.labels['fleetwright.slot'] === '4' ? exits('testapp:v2')(container) : {};

/** Just before the failure of the last slot: three have v2. */
function almost(service: ServiceFacts): World {
  const start = commit(deployed('v1', service), shop('v2', service), 2);
  return playUntil(start, (_world, decision) => decisionOf(decision).target.mode === 'rollback', {
    fate: lastFails,
  }).world;
}

interface Seen {
  most: number;
  fewest: number;
}

function watchRollback(start: World): Seen & { readonly end: World } {
  const seen = { most: 0, fewest: replicas };
  const { world } = play(start, 120_000, {
    fate: lastFails,
    watch(now, decision) {
      seen.most = Math.max(seen.most, countLive(now));
      seen.fewest = Math.min(seen.fewest, decisionOf(decision).services[0]?.available ?? 0);
    },
  });
  return { ...seen, end: world };
}

const v1 = Array.from({ length: replicas }, () => 'testapp:v1');

describe('a rollback', () => {
  it.each<[string, Partial<UpdatePolicy>, Seen]>([
    ['one beside', { parallelism: 1 }, { most: 5, fewest: 4 }],
    ['two beside', { parallelism: 2 }, { most: 6, fewest: 4 }],
    [
      'two missing with stop-first',
      { parallelism: 2, order: 'stop-first' },
      { most: 4, fewest: 2 },
    ],
    ['all missing', { parallelism: 0, order: 'stop-first' }, { most: 4, fewest: 1 }],
  ])('obeys rollback_config: %s', (_name, policy, expected) => {
    const { end, ...seen } = watchRollback(almost(facts(policy)));

    expect(seen).toEqual(expected);
    expect(running(end)).toEqual(v1);
  });

  it('does not touch the slot that has the old version still', () => {
    const start = almost(facts());
    const old = idsOf(start, 'v1');

    const { steps } = play(start, 120_000, { fate: lastFails });

    expect(old.size).toBe(1);
    expect(stepsOn(steps, old)).toEqual([]);
  });

  it('has no delay but its own, and no watch', () => {
    const slow: ServiceFacts = { ...facts({ parallelism: 4 }), update: { monitorMs: 30_000 } };

    const { world, last } = play(almost(slow), 24_000, { fate: lastFails });

    expect(running(world)).toEqual(v1);
    expect(world.journal.applications.get('shop')?.rollout).toBeNull();
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('waits between slots as rollback_config says', () => {
    const { world } = play(almost(facts({ delayMs: 60_000 })), 60_000, { fate: lastFails });

    expect(count(world, 'v1')).toBe(2);
  });

  it('is obeyed by a revert commit too', () => {
    const stopFirst = facts({ parallelism: 0, order: 'stop-first' });
    const start = playUntil(
      commit(deployed('v1', stopFirst), shop('v2', stopFirst), 2),
      (world) => count(world, 'v2') === 3,
    ).world;

    const { world, steps, last } = run(commit(start, shop('v1', stopFirst), 3));

    expect(running(world)).toEqual(v1);
    expect(last.settled).toBe(true);
    expect(
      steps.filter(({ action }) => action.kind === 'create-container').length,
    ).toBeLessThanOrEqual(3);
  });
});

describe('last-known-good', () => {
  const bad = exits('testapp:v2', 'testapp:v3');

  it('stays v1 after a bad v2 and a bad v3', () => {
    const second = run(commit(deployed('v1'), shop('v2'), 2), bad);
    const third = run(commit(second.world, shop('v3'), 3), bad);

    expect(running(third.world)).toEqual(['testapp:v1']);
    expect(third.world.journal.applications.get('shop')?.lastKnownGood?.commit).toBe(
      '1'.padStart(40, '0'),
    );
  });

  it('moves only when the watch is over, and only once', () => {
    const { entries, world } = play(commit(deployed('v1'), shop('v2'), 2), 60_000);
    const [succeeded, ...more] = entries.filter(({ kind }) => kind === 'succeeded');
    const settled = entries.find((entry) => entry.kind === 'rollout-settled');

    expect(more).toEqual([]);
    expect(succeeded).toMatchObject({ commit: '2'.padStart(40, '0') });
    if (succeeded?.kind !== 'succeeded' || settled?.kind !== 'rollout-settled')
      throw new Error('it is both');
    expect(succeeded.at - (settled.at ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect(world.journal.applications.get('shop')?.rollout).toBeNull();
  });

  it('is not moved by a rollback that is through', () => {
    const { world, entries } = run(commit(deployed('v1'), shop('v2'), 2), bad);

    expect(entries.map(({ kind }) => kind)).not.toContain('succeeded');
    expect(world.journal.applications.get('shop')?.lastKnownGood?.commit).toBe(
      '1'.padStart(40, '0'),
    );
  });

  it('is kept while nothing is asked for, and comes back with a number of replicas', () => {
    const zero = run(commit(deployed('v1'), shop('v1', { replicas: 0 }), 2));
    const again = run(commit(zero.world, shop('v1', { replicas: 2 }), 3));

    expect(running(zero.world)).toEqual([]);
    expect(running(again.world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(again.last.settled).toBe(true);
  });
});

describe('a new commit during a rollback', () => {
  it('is rolled out at once, and what is left of both versions goes', () => {
    const start = play(almost(facts()), 6_000, { fate: lastFails }).world;

    const { world, last } = run(commit(start, shop('v3', facts()), 3), lastFails);

    expect(running(world)).toEqual(Array.from({ length: replicas }, () => 'testapp:v3'));
    expect(containers(world)).toHaveLength(replicas);
    expect(last.settled).toBe(true);
  });

  it('that is bad too goes back to the same last-known-good', () => {
    const start = play(almost(facts()), 6_000, { fate: lastFails }).world;

    const { world } = run(commit(start, shop('v3', facts()), 3), exits('testapp:v2', 'testapp:v3'));

    expect(running(world)).toEqual(v1);
  });

  it('that reverts it ends it, without another try of what failed', () => {
    const start = play(almost(facts()), 6_000, { fate: lastFails }).world;

    const { world, last, steps } = run(commit(start, shop('v1', facts()), 3), lastFails);

    expect(running(world)).toEqual(v1);
    expect(made(steps, 'v2')).toEqual([]);
    expect(last.settled).toBe(true);
  });
});

describe('a failed hash', () => {
  const failed = run(
    commit(deployed('v1', facts()), shop('v2', facts()), 2),
    exits('testapp:v2'),
  ).world;

  it.each<[string, World]>([
    ['by time', failed],
    [
      'by a restart of the operator',
      { ...failed, readiness: new Map(), failures: new Map(), watchingSince: failed.now },
    ],
    [
      'by a commit that changes something else',
      commit(failed, [...shop('v2', facts()), ...shop('v1', {}, { name: 'other' })], 3),
    ],
    [
      'by a commit that asks for more of it',
      commit(failed, shop('v2', { ...facts(), replicas: 6 }), 3),
    ],
    [
      'by a commit that changes how it is rolled out',
      commit(failed, shop('v2', { ...facts(), update: { parallelism: 3 } }), 3),
    ],
  ])('is not tried again %s', (_name, world) => {
    const { steps, last } = play(world, 20 * 60_000);

    expect(
      made(
        steps.filter(({ application }) => application === 'shop'),
        'v2',
      ),
    ).toEqual([]);
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('is tried exactly once more when the retry counter is raised', () => {
    const raised = run(commit(failed, shop('v2', facts(), { retry: 1 }), 3), exits('testapp:v2'));
    const again = play(commit(raised.world, shop('v2', facts(), { retry: 1 }), 4), 20 * 60_000);

    expect(made(raised.steps, 'v2')).toEqual(['1']);
    expect(stalledBy(raised.last)).toBe('RolledBack');
    expect(again.steps).toEqual([]);
  });

  it('is tried once more when somebody says "retry"', () => {
    const bad = play(asking(failed, 'retry'), 120_000, { fate: exits('testapp:v2') });
    const good = play(asking(failed, 'retry'), 240_000);

    expect(made(bad.steps, 'v2')).toEqual(['1']);
    expect(stalledBy(bad.last)).toBe('RolledBack');
    expect(running(good.world)).toEqual(Array.from({ length: replicas }, () => 'testapp:v2'));
    expect(good.last.settled).toBe(true);
  });

  it('is forgotten when it has proved itself', () => {
    const good = play(asking(failed, 'retry'), 240_000).world;

    expect(good.journal.applications.get('shop')?.quarantined).toEqual([]);
  });

  it('is said with the place and the reason', () => {
    const { entries } = run(commit(deployed('v1'), shop('v2'), 2), exits('testapp:v2'));
    const service = aService({ container: { image: 'testapp:v2' } });
    const { hash, gate, slot, reason } = aQuarantine(service);

    expect(entries.find(({ kind }) => kind === 'quarantined')).toMatchObject({
      quarantine: { hash, gate, slot, reason },
    });
  });
});

function noWayBack(since: number): Fate {
  return (container: ObservedContainer) => {
    const isNew = (container.startedAt ?? 0) > since;
    return isNew && container.spec.image === 'testapp:v1'
      ? { state: 'exited', exitCode: 1, published: [] }
      : lastFails(container);
  };
}

/** v1 is promoted where it is already and does not come up anew; v2 breaks in the last slot. */
describe('a rollback that does not come up', () => {
  const start = almost(facts());
  const fate = noWayBack(start.now);
  const stuck = play(start, 15 * 60_000, { fate });

  it('is said, and touches nothing more of what serves', () => {
    expect(stalledBy(stuck.last)).toBe('RollbackFailed');
    expect(decisionOf(stuck.last).services[0]?.available).toBe(replicas);

    const later = play(stuck.world, 20 * 60_000, { fate });
    const serving = new Set(
      containers(stuck.world)
        .filter(({ state, restart }) => state === 'running' && restart.name !== 'no')
        .map(({ id }): string => id),
    );

    expect(stepsOn(later.steps, serving)).toEqual([]);
    expect(serving.size).toBe(replicas);
  });

  it('moves no last-known-good and is not rolled back itself', () => {
    const { lastKnownGood, quarantined } = stuck.world.journal.applications.get('shop') ?? {};

    expect(lastKnownGood?.commit).toBe('1'.padStart(40, '0'));
    expect(quarantined).toHaveLength(1);
  });

  it('does not hinder the next commit', () => {
    const { world, last } = run(commit(stuck.world, shop('v3', facts()), 3));

    expect(running(world)).toEqual(Array.from({ length: replicas }, () => 'testapp:v3'));
    expect(last.settled).toBe(true);
  });

  it('goes on with a revert commit, when what stood in its way is gone', () => {
    const { world, last } = run(commit(stuck.world, shop('v1', facts()), 3));

    expect(running(world)).toEqual(v1);
    expect(last.settled).toBe(true);
  });

  it('leaves the way to the failed revision open for "retry"', () => {
    const { world } = play(asking(stuck.world, 'retry'), 240_000);

    expect(running(world)).toEqual(Array.from({ length: replicas }, () => 'testapp:v2'));
  });
});
