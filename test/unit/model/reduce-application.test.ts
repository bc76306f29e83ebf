import { describe, expect, it } from 'vitest';

import type {
  ApplicationRecord,
  RolloutRecord,
  SlotFailure,
} from '../../../src/model/journal-state.ts';
import { toContainerId, toHostName, toSpecHash } from '../../../src/model/names.ts';
import type { ApplicationEntry } from '../../../src/model/reduce-application.ts';
import { reduceApplication } from '../../../src/model/reduce-application.ts';
import {
  aCommit,
  anApplication,
  anApplicationRecord,
  aQuarantine,
  aService,
} from '../../support/builders.ts';

const application = 'shop';
const service = aService();
const spec = anApplication([service]);
const started: ApplicationEntry = {
  kind: 'rollout-started',
  application,
  key: 'k',
  commit: aCommit(2),
  isRollback: false,
  at: 1_000,
};

const failure: SlotFailure = {
  service: 'web',
  hash: service.hash,
  slot: '1',
  host: toHostName('host-1'),
  container: toContainerId('c1'),
  reason: 'Exited',
  message: 'it exited',
  at: 2_000,
  verdict: 'retried',
};

function after(...entries: readonly ApplicationEntry[]): ApplicationRecord {
  return entries.reduce(reduceApplication, anApplicationRecord());
}

function rolloutAfter(...entries: readonly ApplicationEntry[]): RolloutRecord {
  const { rollout } = after(started, ...entries);
  if (rollout === null) throw new Error('there is a rollout');
  return rollout;
}

describe('the record of a rollout', () => {
  it('begins with nothing done', () => {
    expect(rolloutAfter()).toEqual({
      key: 'k',
      commit: aCommit(2),
      isRollback: false,
      startedAt: 1_000,
      settledAt: null,
      lastPromotedAt: null,
      lastStagePassedAt: null,
      deadlinePutOffAt: null,
      stages: {},
      isPromotionGranted: false,
      failures: [],
    });
  });

  it('begins anew with another one: nothing of the one before is left', () => {
    const entries: readonly ApplicationEntry[] = [
      { kind: 'promoted', application, at: 2_000 },
      { kind: 'stage-passed', application, service: 'web', next: 1, at: 3_000 },
      { kind: 'promotion-granted', application, at: 4_000 },
      { kind: 'attempt-failed', application, failure },
      { kind: 'rollout-settled', application, at: 5_000 },
    ];

    const { rollout } = after(started, ...entries, { ...started, key: 'other', at: 9_000 });

    expect(rollout).toEqual({ ...rolloutAfter(), key: 'other', startedAt: 9_000 });
  });

  it('keeps the canaries of each service apart', () => {
    const { stages, lastStagePassedAt } = rolloutAfter(
      { kind: 'stage-settled', application, service: 'api', at: 2_000 },
      { kind: 'stage-settled', application, service: 'web', at: 3_000 },
      { kind: 'stage-passed', application, service: 'web', next: 1, at: 4_000 },
    );

    expect(stages).toEqual({
      api: { index: 0, settledAt: 2_000 },
      web: { index: 1, settledAt: null },
    });
    expect(lastStagePassedAt).toBe(4_000);
  });

  it('notes that canaries are well no more, without losing their step', () => {
    const { stages } = rolloutAfter(
      { kind: 'stage-passed', application, service: 'web', next: 2, at: 2_000 },
      { kind: 'stage-settled', application, service: 'web', at: 3_000 },
      { kind: 'stage-settled', application, service: 'web', at: null },
    );

    expect(stages).toEqual({ web: { index: 2, settledAt: null } });
  });

  it('takes "promote" for progress', () => {
    expect(rolloutAfter({ kind: 'promotion-granted', application, at: 7_000 })).toMatchObject({
      isPromotionGranted: true,
      lastStagePassedAt: 7_000,
    });
  });

  it('keeps the last 100 failed tries', () => {
    const entries = Array.from({ length: 120 }, (_, at): ApplicationEntry => ({
      kind: 'attempt-failed',
      application,
      failure: { ...failure, at },
    }));

    const { failures } = rolloutAfter(...entries);

    expect(failures).toHaveLength(100);
    expect(failures.at(-1)?.at).toBe(119);
  });

  it.each<ApplicationEntry>([
    { kind: 'rollout-settled', application, at: 1 },
    { kind: 'promoted', application, at: 1 },
    { kind: 'attempt-failed', application, failure },
    { kind: 'stage-settled', application, service: 'web', at: 1 },
    { kind: 'stage-passed', application, service: 'web', next: 1, at: 1 },
    { kind: 'promotion-granted', application, at: 1 },
  ])('is not made up by $kind', (entry) => {
    expect(after(entry).rollout).toBeNull();
  });
});

describe('last-known-good', () => {
  const succeeded: ApplicationEntry = {
    kind: 'succeeded',
    application,
    spec,
    commit: aCommit(1),
    at: 1,
  };
  const quarantined: ApplicationEntry = {
    kind: 'quarantined',
    application,
    quarantine: aQuarantine(aService({ container: { image: 'testapp:v2' } })),
    container: null,
  };

  it('moves with success only, which ends the rollout', () => {
    expect(after(started, succeeded)).toMatchObject({
      rollout: null,
      lastKnownGood: { commit: aCommit(1) },
    });
  });

  it.each<ApplicationEntry>([
    started,
    { ...started, isRollback: true },
    quarantined,
    { kind: 'rolled-back', application, at: 2 },
    { kind: 'retried', application, at: 2 },
    { kind: 'suspended', application, requested: true, at: 2 },
    { kind: 'application-removed', application, commit: aCommit(3) },
  ])('is not moved by $kind', (entry) => {
    expect(after(succeeded, entry).lastKnownGood).toEqual({
      spec,
      commit: aCommit(1),
      untried: [],
    });
  });

  it('forgets the failures of what has proved itself, and no others', () => {
    const own: ApplicationEntry = { ...quarantined, quarantine: aQuarantine(service) };

    const { quarantined: left } = after(quarantined, own, succeeded);

    expect(left).toEqual([quarantined.quarantine]);
  });
});

function failed(facts: Parameters<typeof aQuarantine>[1]): ApplicationEntry {
  return {
    kind: 'quarantined',
    application,
    quarantine: aQuarantine(service, facts),
    container: null,
  };
}

describe('quarantined hashes', () => {
  it('have one entry for a hash and a gate, the newest', () => {
    const { quarantined } = after(failed({ at: 1, retry: 0 }), failed({ at: 2, retry: 1 }));

    expect(quarantined).toMatchObject([{ at: 2, retry: 1 }]);
  });

  it('are kept for each gate', () => {
    expect(after(failed({ gate: 'a' }), failed({ gate: 'b' })).quarantined).toHaveLength(2);
  });

  it('are forgotten with "retry"', () => {
    expect(after(failed({}), { kind: 'retried', application, at: 5 }).quarantined).toEqual([]);
  });

  it('are bounded in number, and the newest stay', () => {
    const entries = Array.from({ length: 30 }, (_, at) => failed({ gate: String(at), at }));

    const { quarantined } = after(...entries);

    expect(quarantined).toHaveLength(20);
    expect(quarantined.at(-1)?.at).toBe(29);
  });
});

describe('"retry"', () => {
  const retried: ApplicationEntry = { kind: 'retried', application, at: 9_000 };

  it('begins a rollout anew that has failed', () => {
    const failed: ApplicationEntry = {
      kind: 'quarantined',
      application,
      quarantine: aQuarantine(service, { at: 2_000 }),
      container: null,
    };

    expect(after(started, failed, retried).rollout).toBeNull();
    expect(after(failed, { ...started, isRollback: true, at: 3_000 }, retried).rollout).toBeNull();
  });

  it('leaves a rollout where it is that goes on, with all its tries before it', () => {
    const old: ApplicationEntry = {
      kind: 'quarantined',
      application,
      quarantine: aQuarantine(service, { at: 500 }),
      container: null,
    };
    const passed: ApplicationEntry = {
      kind: 'stage-passed',
      application,
      service: 'web',
      next: 1,
      at: 3_000,
    };

    const { rollout, quarantined } = after(
      old,
      started,
      passed,
      { kind: 'attempt-failed', application, failure },
      retried,
    );

    expect(rollout).toMatchObject({
      startedAt: 1_000,
      stages: { web: { index: 1 } },
      failures: [],
    });
    expect(quarantined).toEqual([]);
  });
});

describe('a suspension', () => {
  const byFile: ApplicationEntry = { kind: 'suspended', application, requested: false, at: 10_000 };
  const byRequest: ApplicationEntry = {
    kind: 'suspended',
    application,
    requested: true,
    at: 20_000,
  };
  const resumed: ApplicationEntry = { kind: 'resumed', application, at: 110_000 };

  it('counts from its beginning, and stays requested once it was', () => {
    expect(after(byFile, byRequest).suspension).toEqual({ since: 10_000, requested: true });
    expect(after(byRequest, { ...byFile, at: 30_000 }).suspension).toEqual({
      since: 20_000,
      requested: true,
    });
  });

  it('is taken out of all clocks of the rollout when it ends', () => {
    const { rollout, suspension } = after(
      started,
      { kind: 'promoted', application, at: 2_000 },
      { kind: 'stage-passed', application, service: 'api', next: 1, at: 3_000 },
      { kind: 'stage-settled', application, service: 'web', at: 4_000 },
      { kind: 'rollout-settled', application, at: 5_000 },
      byFile,
      resumed,
    );

    expect(suspension).toBeNull();
    expect(rollout).toMatchObject({
      startedAt: 101_000,
      lastPromotedAt: 102_000,
      lastStagePassedAt: 103_000,
      deadlinePutOffAt: null,
      settledAt: 105_000,
      stages: { api: { index: 1, settledAt: null }, web: { index: 0, settledAt: 104_000 } },
    });
  });

  it('leaves what has not happened as it is', () => {
    expect(after(started, byFile, resumed).rollout).toMatchObject({
      settledAt: null,
      lastPromotedAt: null,
      lastStagePassedAt: null,
      deadlinePutOffAt: null,
    });
  });

  it('does not turn clocks back, whatever the clock of the operator does', () => {
    expect(after(started, byFile, { ...resumed, at: 5_000 }).rollout?.startedAt).toBe(1_000);
  });

  it('that was none ends in nothing', () => {
    expect(after(started, resumed)).toEqual(after(started));
  });
});

function pinned(hash: string, digest: string, name = 'web'): ApplicationEntry {
  const pin = { service: name, hash: toSpecHash(hash), digest, rolled: null };
  return { kind: 'image-pinned', application, pin };
}

function seen(image: string, digest: string): ApplicationEntry {
  return { kind: 'tag-seen', application, image, digest };
}

describe('the record of images', () => {
  it('has one digest per version, the newest last', () => {
    const { pins } = after(pinned('1', 'a'), pinned('2', 'b'), pinned('1', 'c'));

    expect(pins?.map(({ hash, digest }) => [hash, digest])).toEqual([
      ['2', 'b'],
      ['1', 'c'],
    ]);
  });

  it('keeps the last ten versions of each service', () => {
    const many = Array.from({ length: 30 }, (_, index) => pinned(String(index), 'a'));

    const { pins } = after(pinned('db', 'd', 'db'), ...many);

    expect(pins).toHaveLength(11);
    expect(pins?.[0]?.service).toBe('db');
    expect(pins?.at(-1)?.hash).toBe('29');
  });

  it('has what each tag means now, of a bounded number of tags', () => {
    const many = Array.from({ length: 300 }, (_, index) => seen(`app:${index}`, 'a'));

    const { tags = {} } = after(seen('app:latest', 'a'), ...many, seen('app:latest', 'b'));

    expect(Object.keys(tags)).toHaveLength(200);
    expect(tags['app:latest']).toBe('b');
  });
});

function scaled(replicas: number, from: number | null, at: number, of = 'web'): ApplicationEntry {
  return { kind: 'scaled', application, service: of, from, replicas, cause: '', at };
}

describe('the number of instances by load', () => {
  it('is the last one, with the changes of the last 15 s', () => {
    const entries = [scaled(2, null, 0), scaled(6, 2, 1_000), scaled(9, 6, 15_999)];

    expect(after(...entries).scales).toEqual({
      web: {
        replicas: 9,
        at: 15_999,
        reached: 2,
        changes: [
          { at: 1_000, by: 4 },
          { at: 15_999, by: 3 },
        ],
      },
    });
    expect(after(...entries, scaled(7, 9, 16_000)).scales?.['web']?.changes).toEqual([
      { at: 15_999, by: 3 },
      { at: 16_000, by: -2 },
    ]);
  });

  it('has been reached when all that were added are there, and no more when it is lower', () => {
    const reached: ApplicationEntry = { kind: 'scale-reached', application, service: 'web' };
    const up = [scaled(2, null, 0), scaled(6, 2, 1_000)];
    const reachedAfter = (...entries: readonly ApplicationEntry[]): number | undefined =>
      after(...entries).scales?.['web']?.reached;

    expect(reachedAfter(...up, reached)).toBe(6);
    expect(reachedAfter(...up, reached, scaled(3, 6, 2_000), scaled(5, 3, 3_000))).toBe(3);
    expect(after(reached)).toEqual(after());
  });

  it('is forgotten when a version has proved itself that does not go by it', () => {
    const autoscale = { min: 1, max: 8, cpu: 70, stabilizationMs: 0, intervalMs: 1_000 };
    const asking = anApplication([aService({ autoscale }), aService({ name: 'side' })]);
    const succeeded = { kind: 'succeeded', application, commit: aCommit(2), at: 9 } as const;
    const record = after(scaled(6, 2, 1_000), scaled(3, 2, 1_000, 'side'));
    const { web } = record.scales ?? {};

    expect(reduceApplication(record, { ...succeeded, spec: asking }).scales).toEqual({ web });
    expect(reduceApplication(record, { ...succeeded, spec }).scales).toBeUndefined();
  });
});
