import { describe, expect, it } from 'vitest';

import { validateProgress } from '../../../src/generated/validators.js';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type { StepOutcome } from '../../../src/model/step.ts';
import {
  entryProgress,
  stepProgress,
  waitKey,
  waitProgress,
} from '../../../src/report/progress-document.ts';
import { renderStep } from '../../../src/report/render-progress.ts';
import { plainStyle } from '../../../src/report/style.ts';
import type { Waiting } from '../../../src/rollout/draft.ts';
import { aCommit, anApplication, aQuarantine, aService, aStep } from '../../support/builders.ts';

const at = '2026-11-21T10:00:00.123Z';
const step = aStep({ kind: 'pull-image', image: 'nginx' });
const service = aService();
const host = toHostName('host-1');
const application = 'shop';
const container = toContainerId('c1');
const { hash } = service;

const outcomes: readonly (StepOutcome | null)[] = [
  null,
  { kind: 'done' },
  { kind: 'skipped', reason: 'it is gone' },
  { kind: 'unknown', reason: 'no answer within 60 s' },
  {
    kind: 'failed',
    failure: { class: 'infrastructure', reason: 'RegistryUnavailable', message: 'no such host' },
  },
];

const waiting: Waiting = {
  application,
  service: 'web',
  slot: '1',
  host,
  kind: 'gate',
  reason: 'health gate: HTTP 503',
  until: 5_000,
};

const failure = {
  service: 'web',
  hash,
  slot: '1',
  host,
  container: null,
  reason: 'Exited',
  message: 'it exited with code 1',
  at: 0,
  verdict: 'retried',
} as const;

const entries: readonly (readonly [JournalEntry, string])[] = [
  [
    {
      kind: 'rollout-started',
      application,
      key: 'k',
      commit: aCommit(1),
      isRollback: true,
      at: 0,
    },
    'back to 000000000000',
  ],
  [{ kind: 'rollout-settled', application, at: 0 }, ''],
  [
    {
      kind: 'succeeded',
      application,
      spec: anApplication([service]),
      commit: aCommit(1),
      at: 0,
    },
    'in 000000000000',
  ],
  [
    { kind: 'quarantined', application, quarantine: aQuarantine(service), container },
    'web/1 on host-1: Exited: it exited with code 1 before it was ready',
  ],
  [
    {
      kind: 'quarantined',
      application,
      quarantine: aQuarantine(service, {
        host: null,
        slot: '',
        reason: 'Aborted',
        message: 'by ada',
      }),
      container: null,
    },
    'web: Aborted: by ada',
  ],
  [
    { kind: 'attempt-failed', application, failure },
    'web/1 on host-1: Exited: it exited with code 1 (retried)',
  ],
  [
    { kind: 'stage-settled', application, service: 'web', at: null },
    'web: the canaries are not well any more',
  ],
  [{ kind: 'stage-passed', application, service: 'web', next: 1, at: 0 }, 'web: step 1 is passed'],
  [{ kind: 'suspended', application, requested: true, at: 0 }, 'by request'],
  [
    { kind: 'request-answered', request: 1, application, accepted: false, message: 'no', at: 0 },
    'refused: no',
  ],
  [{ kind: 'instance-gone', slot: 'shop/web/1', container }, 'shop/web/1'],
  [{ kind: 'repaired', slot: 'shop/web/1', repairs: 2, at: 0 }, 'shop/web/1, 2 in a row'],
];

function isValid(document: object): string {
  return validateProgress(document) ? '' : JSON.stringify(validateProgress.errors);
}

describe('a line of progress', () => {
  it.each(outcomes)('is valid by its schema: a step, %j', (outcome) => {
    expect(isValid(stepProgress(step, outcome, 1.5, at))).toBe('');
  });

  it('says of a step what it is, why, and how it ended', () => {
    expect(stepProgress(step, outcomes.at(-1) ?? null, 1_500.4, at)).toMatchObject({
      at,
      kind: 'step',
      host: 'host-1',
      action: 'pull-image',
      subject: 'nginx',
      origin: 'apps/shop/compose.yaml:1:1',
      outcome: 'failed',
      message: 'no such host',
      durationMs: 1_500,
    });
  });

  it('is valid by its schema: a wait', () => {
    const document = waitProgress(waiting, at);

    expect(isValid(document)).toBe('');
    expect(document).toMatchObject({ wait: 'gate', until: '1970-01-01T00:00:05Z' });
    expect(isValid(waitProgress({ ...waiting, host: null, until: null }, at))).toBe('');
  });

  it('is no news when a wait is only put off', () => {
    expect(waitKey({ ...waiting, until: 9_000 })).toBe(waitKey(waiting));
    expect(waitKey({ ...waiting, reason: 'health gate: HTTP 500' })).not.toBe(waitKey(waiting));
  });

  it.each(entries)('says what an entry means: $kind', (entry, message) => {
    const document = entryProgress(entry, at);

    expect(isValid(document)).toBe('');
    expect(document).toEqual({ at, kind: 'entry', application, entry: entry.kind, message });
  });
});

describe('renderStep()', () => {
  it('is one line: where, what, why, how long', () => {
    expect(renderStep(step, { kind: 'done' }, 1_500, plainStyle)).toBe(
      'host-1  shop/web/1  pull-image  nginx  it is asked for apps/shop/compose.yaml:1:1, 1.5 s',
    );
  });

  it('says how it ended when it did not end well', () => {
    const ends = outcomes.flatMap((outcome) =>
      outcome === null ? [] : [renderStep(step, outcome, 1_500, plainStyle)],
    );

    expect(ends.map((line) => line.split('nginx  ')[1]?.split(';')[0])).toEqual([
      'it is asked for apps/shop/compose.yaml:1:1, 1.5 s',
      'skipped: it is gone',
      'outcome unknown: no answer within 60 s',
      'failed: no such host',
    ]);
  });
});
