import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { aCommit, anApplication, aService, aWorld } from '../../support/builders.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { commit, exits, run, running, stalledBy, type Fate } from './scenario.ts';

function shop(tag: string, facts: ServiceFacts = {}): readonly ApplicationSpec[] {
  return [anApplication([aService({ ...facts, container: { image: `testapp:${tag}` } })])];
}

function times(entries: readonly JournalEntry[], kind: JournalEntry['kind']): readonly unknown[] {
  return entries.flatMap((entry) => (entry.kind === kind && 'at' in entry ? [entry.at] : []));
}

describe('last-known-good', () => {
  it('moves after the monitor time, with the commit', () => {
    const { entries, world } = run(aWorld(shop('v1', { update: { monitorMs: 5_000 } })));

    const [settled] = times(entries, 'rollout-settled');
    const [succeeded] = times(entries, 'succeeded');
    expect(Number(succeeded) - Number(settled)).toBeGreaterThanOrEqual(5_000);
    expect(world.journal.applications.get('shop')).toMatchObject({
      rollout: null,
      lastKnownGood: { commit: aCommit(1), spec: shop('v1')[0] },
    });
  });

  it('moves once, and then nothing is written any more', () => {
    const { world, entries } = run(aWorld(shop('v1')));

    expect(times(entries, 'succeeded')).toHaveLength(1);
    expect(run(world).entries).toEqual([]);
  });

  it('moves at once for another number of replicas', () => {
    const { world } = run(aWorld(shop('v1')));

    const { entries } = run(commit(world, shop('v1', { replicas: 2 }), 2));

    expect(times(entries, 'rollout-started')).toEqual([]);
    expect(times(entries, 'succeeded')).toHaveLength(1);
  });

  it('does not move in a rollback, which is noted as one', () => {
    const { world } = run(aWorld(shop('v1')));

    const failed = run(commit(world, shop('v2'), 2), exits('testapp:v2'));

    expect(times(failed.entries, 'succeeded')).toEqual([]);
    expect(times(failed.entries, 'rolled-back')).toHaveLength(1);
    expect(failed.world.journal.applications.get('shop')).toMatchObject({
      rollout: null,
      lastKnownGood: { commit: aCommit(1) },
    });
  });

  it.each<[string, Fate]>([
    ['turns unhealthy', ({ spec }) => (spec.image === 'testapp:v2' ? { health: 'unhealthy' } : {})],
    ['is restarted', ({ spec }) => (spec.image === 'testapp:v2' ? { restartCount: 1 } : {})],
  ])('does not move when a promoted instance %s while it is watched', (_name, trouble) => {
    const { world } = run(aWorld(shop('v1')));
    const afterPromotion: Fate = (container) =>
      container.restart.name === 'no' ? {} : trouble(container);

    const failed = run(
      commit(world, shop('v2', { update: { monitorMs: 30_000 } }), 2),
      afterPromotion,
    );

    expect(times(failed.entries, 'promoted').length).toBeGreaterThan(0);
    expect(times(failed.entries, 'succeeded')).toEqual([]);
    expect(stalledBy(failed.last)).toBe('RolledBack');
    expect(running(failed.world)).toEqual(['testapp:v1']);
  });

  it('waits between slots for the delay', () => {
    const facts = { replicas: 3, update: { delayMs: 20_000 } };
    const { world } = run(aWorld(shop('v1', facts)));

    const { entries } = run(commit(world, shop('v2', facts), 2));

    const promoted = times(entries, 'promoted').map(Number);
    expect(promoted).toHaveLength(3);
    const pauses = promoted.slice(1).map((time, index) => time - (promoted[index] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(20_000);
  });
});
