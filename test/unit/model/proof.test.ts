import { describe, expect, it } from 'vitest';

import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import type { ProofFailure, ProofTally } from '../../../src/model/proof.ts';
import {
  beginProof,
  countRequest,
  proofInWords,
  sumProofs,
  watchedUntil,
} from '../../../src/model/proof.ts';
import { aCommit } from '../../support/builders.ts';

const failure: ProofFailure = {
  at: 7,
  service: 'web',
  entrance: 'http://192.0.2.1:80',
  reason: 'HTTP 502',
  during: '',
};

describe('the count of a proof', () => {
  it('keeps how many there were, how many failed, the slowest, and the first failures', () => {
    let tally = countRequest(beginProof(1), 31, null);
    for (let at = 1; at <= 9; at += 1) tally = countRequest(tally, 5, { ...failure, at });

    expect(tally).toMatchObject({ requests: 10, failed: 9, worstMs: 31, unwatchedMs: 0 });
    expect(tally.failures.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5]);
  });

  it('tells the time in which nobody asked', () => {
    const watched = watchedUntil(beginProof(1_000), 4_000, true);
    const tally = watchedUntil(watched, 7_000, false);

    expect(watched).toMatchObject({ until: 4_000, unwatchedMs: 0 });
    expect(tally).toMatchObject({ until: 7_000, unwatchedMs: 3_000 });
  });

  it('takes the time of a suspension for none in which anybody was to ask', () => {
    const [application, service] = ['shop', 'web'];
    const proof = { ...beginProof(2_000), requests: 9 };
    const entries: readonly JournalEntry[] = [
      {
        kind: 'rollout-started',
        application,
        key: 'k',
        commit: aCommit(1),
        isRollback: false,
        at: 1_000,
      },
      { kind: 'proof-noted', application, service, proof },
      { kind: 'suspended', application, requested: true, at: 3_000 },
      { kind: 'resumed', application, at: 8_000 },
    ];
    const { applications } = entries.reduce(reduceJournal, emptyJournal);

    expect(applications.get(application)?.rollout).toMatchObject({
      startedAt: 6_000,
      proofs: { web: { requests: 9, unwatchedMs: 0, until: 7_000 } },
    });
  });

  it('is of all services together', () => {
    const one: ProofTally = { ...beginProof(1), requests: 3, worstMs: 9, failed: 1 };
    const other: ProofTally = { ...beginProof(2), requests: 4, worstMs: 5, unwatchedMs: 8 };
    const [late, early] = [{ ...failure, at: 9 }, failure];

    expect(sumProofs([])).toBeNull();
    expect(
      sumProofs([
        { ...one, failures: [late] },
        { ...other, failures: [early] },
      ]),
    ).toEqual({
      requests: 7,
      failed: 1,
      worstMs: 9,
      unwatchedMs: 8,
      until: 2,
      failures: [early, late],
    });
  });
});

describe('proofInWords()', () => {
  const base: ProofTally = { ...beginProof(1), requests: 1_412, worstMs: 31 };

  it.each<[Partial<ProofTally>, string]>([
    [{}, '1,412 requests, none failed, slowest 31 ms'],
    [{ requests: 1, worstMs: 2_500 }, '1 request, none failed, slowest 2.5 s'],
    [{ requests: 0, worstMs: 0, unwatchedMs: 3_000 }, 'no requests, not watched for 3.0 s'],
    [{ requests: 1_234_567 }, '1,234,567 requests, none failed, slowest 31 ms'],
    [
      { failed: 2, failures: [failure, { ...failure, reason: 'x' }] },
      '2 of 1,412 requests failed, slowest 31 ms, first: HTTP 502 at http://192.0.2.1:80',
    ],
    [
      {
        failed: 1,
        unwatchedMs: 120_000,
        failures: [{ ...failure, during: 'stop-container web/1' }],
      },
      '1 of 1,412 requests failed, slowest 31 ms, not watched for 2 min, first: HTTP 502 at http://192.0.2.1:80 while stop-container web/1',
    ],
  ])('%#: %s', (facts, words) => {
    expect(proofInWords({ ...base, ...facts })).toBe(words);
  });
});
