import { describe, expect, it } from 'vitest';

import type { ApplicationRecord } from '../../../src/model/journal-state.ts';
import { isProven, rolloutKey, targetOf } from '../../../src/rollout/target.ts';
import {
  aCommit,
  anApplication,
  anApplicationRecord,
  aQuarantine,
  aService,
} from '../../support/builders.ts';

const v1 = aService({ container: { image: 'testapp:v1' } });
const v2 = aService({ container: { image: 'testapp:v2' } });
const paused = { ...v2, update: { ...v2.update, failureAction: 'pause' as const } };
const good = { spec: anApplication([v1]), commit: aCommit(1), untried: [] };

function record(facts: Partial<ApplicationRecord>): ApplicationRecord {
  return anApplicationRecord(facts);
}

describe('targetOf()', () => {
  it.each([
    ['nothing has failed', v2, record({ lastKnownGood: good }), 'desired', 2],
    [
      'another hash has failed',
      v2,
      record({ lastKnownGood: good, quarantined: [aQuarantine(v1)] }),
      'desired',
      2,
    ],
    [
      'the hash has failed',
      v2,
      record({ lastKnownGood: good, quarantined: [aQuarantine(v2)] }),
      'rollback',
      1,
    ],
    ['there is nothing to go back to', v2, record({ quarantined: [aQuarantine(v2)] }), 'halted', 2],
    [
      'the manifest says pause',
      paused,
      record({ lastKnownGood: good, quarantined: [aQuarantine(paused)] }),
      'halted',
      2,
    ],
    [
      'a service of another name has failed with this hash',
      v2,
      record({ lastKnownGood: good, quarantined: [aQuarantine(v2, { service: 'db' })] }),
      'desired',
      2,
    ],
  ])('when %s', (_name, service, before, mode, commit) => {
    const target = targetOf(anApplication([service]), aCommit(2), before);

    expect(target).toMatchObject({ mode, commit: aCommit(commit) });
    expect(target.spec.services[0]).toBe(mode === 'rollback' ? v1 : service);
  });
});

describe('rolloutKey()', () => {
  const key = rolloutKey(anApplication([v1]));

  it('is the same for other replicas and knobs', () => {
    const scaled = { ...v1, replicas: 9, update: { ...v1.update, parallelism: 3 } };

    expect(rolloutKey(anApplication([scaled]))).toBe(key);
  });

  it('is another for another hash, and for one more service', () => {
    expect(rolloutKey(anApplication([v2]))).not.toBe(key);
    expect(rolloutKey(anApplication([v1, aService({ name: 'db' })]))).not.toBe(key);
  });
});

describe('isProven()', () => {
  it.each([
    ['web', v1.hash, true],
    ['web', v2.hash, false],
    ['db', v1.hash, false],
  ])('judges %s', (service, hash, expected) => {
    expect(isProven(record({ lastKnownGood: good }), service, hash)).toBe(expected);
    expect(isProven(record({}), service, hash)).toBe(false);
  });
});
