import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import type { ApplicationRecord, JournalState } from '../../../src/model/journal-state.ts';
import type { ApplicationDecision } from '../../../src/rollout/decide-application.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { groupTargets, landTogether } from '../../../src/rollout/rollout-group.ts';
import type { Target } from '../../../src/rollout/target.ts';
import { targetOf } from '../../../src/rollout/target.ts';
import {
  aCommit,
  aJournal,
  anApplication,
  anApplicationRecord,
  aQuarantine,
  aService,
  aWorld,
} from '../../support/builders.ts';

const v1 = aService({ container: { image: 'testapp:v1' } });
const v2 = aService({ container: { image: 'testapp:v2' } });

function app(name: string, service = v2, rolloutGroup: string | null = 'g'): ApplicationSpec {
  return anApplication([service], { name, rolloutGroup });
}

/** Its last-known-good is version 1. */
function once(name: string, facts: Partial<ApplicationRecord> = {}): ApplicationRecord {
  const lastKnownGood = { spec: app(name, v1), commit: aCommit(1), untried: [] };
  return anApplicationRecord({ lastKnownGood, ...facts });
}

function journalOf(records: Readonly<Record<string, ApplicationRecord>>): JournalState {
  return aJournal({ applications: new Map(Object.entries(records)) });
}

function targetsOf(
  specs: readonly ApplicationSpec[],
  records: Readonly<Record<string, ApplicationRecord>>,
): readonly Target[] {
  const targets = specs.map((spec) =>
    targetOf(spec, aCommit(2), records[spec.name] ?? anApplicationRecord()),
  );
  return groupTargets(targets, specs, journalOf(records));
}

describe('groupTargets()', () => {
  const failure = aQuarantine(v2);
  const bad = { quarantined: [failure] };

  it('rolls the others back when one was rolled back', () => {
    const [a, b] = targetsOf([app('a'), app('b')], { a: once('a'), b: once('b', bad) });

    expect(a).toEqual({
      spec: app('a', v1),
      commit: aCommit(1),
      mode: 'rollback',
      failed: [failure],
      failedWith: 'b',
    });
    expect(b).toMatchObject({ mode: 'rollback', failedWith: null });
  });

  it('halts one that has nothing to go back to', () => {
    const [a] = targetsOf([app('a'), app('b')], { b: once('b', bad) });

    expect(a).toEqual({
      spec: app('a'),
      commit: aCommit(2),
      mode: 'halted',
      failed: [failure],
      failedWith: 'b',
    });
  });

  it('rolls the others back when one has halted', () => {
    const [a] = targetsOf([app('a'), app('b')], { a: once('a'), b: anApplicationRecord(bad) });

    expect(a).toMatchObject({ mode: 'rollback', failedWith: 'b' });
  });

  it('names the first that failed, and leaves each its own failure', () => {
    const records = { a: once('a'), b: once('b', bad), c: once('c', bad) };

    const targets = targetsOf([app('a'), app('b'), app('c')], records);

    expect(targets.map(({ failedWith }) => failedWith)).toEqual(['b', null, null]);
  });

  it.each<[string, ApplicationSpec]>([
    ['does not change', app('a', v1)],
    ['is scaled only', app('a', { ...v1, replicas: 3 })],
    ['is of another group', app('a', v2, 'h')],
    ['is of no group', app('a', v2, null)],
  ])('leaves alone one that %s', (_name, spec) => {
    const [a] = targetsOf([spec, app('b')], { a: once('a'), b: once('b', bad) });

    expect(a).toEqual({ spec, commit: aCommit(2), mode: 'desired', failed: [], failedWith: null });
  });

  it('leaves all alone while nothing has failed', () => {
    const specs = [app('a'), app('b')];

    expect(targetsOf(specs, { a: once('a') }).map(({ spec }) => spec)).toEqual(specs);
  });
});

/** A decision as it is made on its own, on an application that is as given. */
function aDecision(name: string, facts: 'succeeds' | 'stands' | 'goes on'): ApplicationDecision {
  const spec = app(name);
  const [decision] = decide(aWorld([spec])).applications;
  if (decision === undefined) throw new Error('it was decided on one application');
  const commit = aCommit(2);
  const isReady = facts !== 'goes on';
  return {
    ...decision,
    entries: [
      { kind: 'rollout-settled', application: name, at: 1 },
      ...(facts === 'succeeds'
        ? [{ kind: 'succeeded', application: name, spec, commit, at: 1 } as const]
        : []),
    ],
    waiting: [],
    conditions: [
      { type: 'Ready', status: isReady, reason: 'Converged', message: '' },
      { type: 'Reconciling', status: !isReady, reason: 'Idle', message: '' },
      { type: 'Stalled', status: false, reason: 'None', message: '' },
    ],
  };
}

describe('landTogether()', () => {
  const specs = [app('a'), app('b')];
  const journal = journalOf({ a: once('a'), b: once('b') });

  it('lets all land in the same decision', () => {
    const decisions = [aDecision('a', 'succeeds'), aDecision('b', 'succeeds')];

    expect(landTogether(decisions, specs, journal)).toEqual(decisions);
  });

  it('holds back the success of one until the others succeed, and nothing else of it', () => {
    const decisions = [aDecision('a', 'succeeds'), aDecision('b', 'goes on')];

    const [a, b] = landTogether(decisions, specs, journal);

    const message = 'its group lands together: waits for application "b"';
    expect(a).toEqual({
      ...decisions[0],
      entries: [{ kind: 'rollout-settled', application: 'a', at: 1 }],
      waiting: [
        {
          application: 'a',
          kind: 'turn',
          service: '',
          slot: '',
          host: null,
          reason: message,
          until: null,
        },
      ],
      conditions: [
        { type: 'Ready', status: false, reason: 'WaitingForGroup', message },
        { type: 'Reconciling', status: true, reason: 'Progressing', message },
        { type: 'Stalled', status: false, reason: 'None', message: '' },
      ],
    });
    expect(b).toBe(decisions[1]);
  });

  it.each<['stands' | 'goes on', number]>([
    ['stands', 1],
    ['goes on', 0],
  ])('asks of one that does not change only that it stands: it %s', (facts, landed) => {
    const unchanged = [app('a'), app('b', v1)];
    const decisions = [aDecision('a', 'succeeds'), aDecision('b', facts)];

    const [a] = landTogether(decisions, unchanged, journal);

    expect(a?.entries.filter(({ kind }) => kind === 'succeeded')).toHaveLength(landed);
  });

  it('does not hold back what is no new version', () => {
    const scaled = [app('a', { ...v1, replicas: 2 }), app('b')];
    const decisions = [aDecision('a', 'succeeds'), aDecision('b', 'goes on')];

    expect(landTogether(decisions, scaled, journal)).toEqual(decisions);
  });

  it('does not concern other groups', () => {
    const apart = [app('a', v2, null), app('b'), app('c', v2, 'h')];
    const decisions = [
      aDecision('a', 'succeeds'),
      aDecision('b', 'goes on'),
      aDecision('c', 'succeeds'),
    ];

    expect(landTogether(decisions, apart, journal)).toEqual(decisions);
  });
});
