import { describe, expect, it } from 'vitest';

import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { JournalEntry, JournalState } from '../../../src/model/journal-state.ts';
import { toContainerId, toHostName, toSpecHash } from '../../../src/model/names.ts';
import { aCommit, aJournal, anApplication, aQuarantine, aService } from '../../support/builders.ts';

const slot = 'shop/web/1';
const container = toContainerId('c1');
const host = toHostName('host-1');
const service = aService();
const { hash } = service;
const application = 'shop';
const reserved: JournalEntry = {
  kind: 'slot-reserved',
  slot,
  epoch: 1,
  hash,
  host,
  vacating: false,
};
const seen: JournalEntry = { kind: 'instance-seen', slot, container, epoch: 1, hash, host };
const started: JournalEntry = {
  kind: 'rollout-started',
  application,
  key: 'k',
  commit: aCommit(1),
  isRollback: false,
  at: 10,
};

function after(...entries: readonly JournalEntry[]): JournalState {
  return entries.reduce(reduceJournal, aJournal());
}

describe('reduceJournal() on slots', () => {
  it('announces a create, and notes when its container is seen', () => {
    expect(after(reserved).slots.get(slot)).toMatchObject({
      epoch: 1,
      pending: true,
      vacating: false,
      repairs: 0,
    });
    const state = after(reserved, seen);
    expect(state.slots.get(slot)).toMatchObject({ epoch: 1, pending: false });
    expect(state.instances.get(container)).toEqual({ slot, retired: false });
  });

  it('knows what has become of the hooks of the last start', () => {
    const due: JournalEntry = { kind: 'hooks-due', slot, container };
    const ended = (failure: string | null): JournalEntry => {
      return { kind: 'hooks-ended', slot, container, failure, at: 7 };
    };
    const known = (...entries: readonly JournalEntry[]) =>
      after(reserved, seen, ...entries).instances.get(container);

    expect(known(ended(null))).toEqual({
      slot,
      retired: false,
      postStart: { kind: 'done', at: 7 },
    });
    expect(known(ended('why'))?.postStart).toEqual({ kind: 'failed', message: 'why' });
    expect(known(ended(null), due)?.postStart).toEqual({ kind: 'due' });
    const retired: JournalEntry = { kind: 'instance-retired', slot, container };
    const renewed: JournalEntry = { kind: 'hash-renewed', slot, container, hash };
    expect(known(ended(null), retired, renewed)).toMatchObject({
      retired: true,
      hash,
      postStart: { kind: 'done' },
    });
  });

  it('does not go back to an older epoch that is seen late', () => {
    const state = after({ ...reserved, epoch: 5 }, seen);

    expect(state.slots.get(slot)).toMatchObject({ epoch: 5, pending: true });
    expect(state.instances.has(container)).toBe(true);
  });

  it.each([
    ['keeps the repairs of the same hash', hash, 3],
    ['forgets the repairs with another hash', toSpecHash('other'), 0],
  ])('%s', (_name, nextHash, repairs) => {
    const repaired: JournalEntry = { kind: 'repaired', slot, repairs: 3, at: 50 };

    const state = after(reserved, repaired, { ...reserved, epoch: 2, hash: nextHash });

    expect(state.slots.get(slot)).toMatchObject({ epoch: 2, repairs });
  });

  it('has nothing to repair in a slot that it does not know', () => {
    const state = aJournal();

    expect(reduceJournal(state, { kind: 'repaired', slot, repairs: 1, at: 1 })).toBe(state);
  });

  it('marks what we stop, and forgets what is gone', () => {
    const retired = after(seen, { kind: 'instance-retired', slot, container });
    expect(retired.instances.get(container)).toEqual({ slot, retired: true });

    const gone = reduceJournal(retired, { kind: 'instance-gone', slot, container });
    expect(gone.instances.size).toBe(0);
    expect(gone.slots).toBe(retired.slots);
  });
});

describe('reduceJournal() on applications', () => {
  it('follows a rollout to its end', () => {
    const rollout = (...entries: readonly JournalEntry[]): unknown =>
      after(started, ...entries).applications.get(application)?.rollout;
    const settled: JournalEntry = { kind: 'rollout-settled', application, at: 20 };

    expect(rollout()).toMatchObject({ key: 'k', startedAt: 10, settledAt: null });
    expect(rollout({ kind: 'promoted', application, at: 15 })).toMatchObject({
      lastPromotedAt: 15,
    });
    expect(rollout(settled)).toMatchObject({ settledAt: 20 });
    expect(rollout(settled, { ...settled, at: null })).toMatchObject({ settledAt: null });
    expect(rollout({ kind: 'rolled-back', application, at: 30 })).toBeNull();
  });

  it('moves last-known-good on success only', () => {
    const spec = anApplication([service]);
    const succeeded: JournalEntry = {
      kind: 'succeeded',
      application,
      spec,
      commit: aCommit(1),
      at: 1,
    };

    const good = after(started, succeeded).applications.get(application);
    expect(good).toMatchObject({ rollout: null, lastKnownGood: { spec, commit: aCommit(1) } });
    const rolledBack = after(started, succeeded, started, {
      kind: 'rolled-back',
      application,
      at: 2,
    });
    expect(rolledBack.applications.get(application)?.lastKnownGood).toEqual(good?.lastKnownGood);
  });

  it('keeps one quarantine per hash, and the newest twenty', () => {
    const entries = Array.from({ length: 25 }, (_, index): JournalEntry => {
      const quarantine = aQuarantine(service, { hash: toSpecHash(`h${index}`), at: index });
      return { kind: 'quarantined', application, quarantine, container: null };
    });
    const again: JournalEntry = {
      kind: 'quarantined',
      application,
      container: null,
      quarantine: aQuarantine(service, { hash: toSpecHash('h24'), at: 99 }),
    };

    const { quarantined } = after(...entries, again).applications.get(application) ?? {};

    expect(quarantined).toHaveLength(20);
    expect(quarantined?.[0]?.hash).toBe('h5');
    expect(quarantined?.at(-1)).toMatchObject({ hash: 'h24', at: 99 });
  });

  it('notes which commit removed an application, and that it came back', () => {
    const removed: JournalEntry = {
      kind: 'application-removed',
      application,
      commit: aCommit(7),
    };

    expect(after(removed).applications.get(application)?.removedBy).toBe(aCommit(7));
    const back = after(removed, { kind: 'application-seen', application });
    expect(back.applications.get(application)?.removedBy).toBeNull();
  });

  it('forgets everything of a pruned application, and nothing of one with a longer name', () => {
    const shop2: JournalEntry = { ...seen, slot: 'shop2/web/1', container: toContainerId('c2') };

    const state = after(started, seen, { ...started, application: 'shop2' }, shop2, {
      kind: 'pruned',
      application,
      at: 1,
    });

    expect([...state.applications.keys()]).toEqual(['shop2']);
    expect([...state.slots.keys()]).toEqual(['shop2/web/1']);
    expect([...state.instances.keys()]).toEqual(['c2']);
  });

  it('leaves what it does not touch the same object', () => {
    const before = after(seen);

    expect(reduceJournal(before, started).slots).toBe(before.slots);
    expect(reduceJournal(before, reserved).instances).toBe(before.instances);
  });
});
