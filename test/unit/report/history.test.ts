import { describe, expect, it } from 'vitest';

import { validateHistory } from '../../../src/generated/validators.js';
import type { HistoryEntry } from '../../../src/model/history.ts';
import { historyEntry } from '../../../src/model/history.ts';
import { toHostName } from '../../../src/model/names.ts';
import { historyDocument } from '../../../src/report/history-document.ts';
import { renderHistory } from '../../../src/report/render-history.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { aCommit, origin } from '../../support/builders.ts';
import { overlong } from './lines.ts';

const at = 1_700_000_000_000;
const host = toHostName('host-1');
const web = { application: 'shop', service: 'web', slot: '1', host } as const;
const ofAda = { commit: aCommit(1), actor: 'Ada', cause: 'More web' } as const;

const entries: readonly HistoryEntry[] = [
  historyEntry({
    at,
    kind: 'rollout-failed',
    ...web,
    ...ofAda,
    startedAt: at - 12_400,
    steps: 7,
    result: 'failed',
    message: 'Exited: it exited with code 1 before it was ready',
  }),
  historyEntry({
    at,
    kind: 'step',
    action: 'create-container',
    ...web,
    ...ofAda,
    container: 'shop-web-1-cafe',
    origin,
    fields: ['image', 'environment.LOG_LEVEL'],
    cause: 'image changed and 1 more',
    startedAt: at - 340,
  }),
  historyEntry({ at, kind: 'healed', ...web, startedAt: at, steps: 0, result: 'begun' }),
  historyEntry({ at, kind: 'host-lost', host, startedAt: at - 300_000 }),
  historyEntry({
    at,
    kind: 'request',
    action: 'suspend',
    application: 'shop',
    actor: 'ada@laptop',
    result: 'refused',
    message: 'no',
  }),
  historyEntry({ at, kind: 'commit-accepted', commit: aCommit(1), actor: 'Ada' }),
];

describe('the document of the history', () => {
  it('is what its schema says', () => {
    const document = historyDocument(entries, '1700000000000-4', at);

    validateHistory(document);
    expect(validateHistory.errors).toBeNull();
    expect(document.entries[0]).toMatchObject({ at: '2023-11-14T22:13:20Z', durationMs: 12_400 });
    expect(document.entries[5]?.durationMs).toBeNull();
  });
});

describe('what became of requests', () => {
  const failure = { at, service: 'web', entrance: 'http://192.0.2.1:80', reason: 'HTTP 502' };
  const proof = {
    requests: 1_412,
    failed: 0,
    worstMs: 31,
    unwatchedMs: 0,
    until: at,
    failures: [],
  };
  const lost = { ...proof, failed: 2, failures: [{ ...failure, during: 'stop-container web/1' }] };
  const rollout = { at, ...ofAda, application: 'shop', startedAt: at - 9_000 } as const;
  const older = historyEntry({ ...rollout, kind: 'rollout-succeeded' });
  const document = historyDocument(
    [
      historyEntry({ ...rollout, kind: 'rollout-succeeded', proof }),
      historyEntry({ ...rollout, kind: 'rolled-back', proof: lost }),
      historyEntry({
        ...rollout,
        kind: 'rollout-failed',
        result: 'failed',
        message: 'RequestsFailed: 2 of 1,412 requests failed',
        proof: lost,
      }),
      older,
    ],
    null,
    at,
  );

  it('stands in the document, also where an older release wrote nothing of it', () => {
    validateHistory(document);
    expect(validateHistory.errors).toBeNull();
    expect(document.entries.map((entry) => entry.proof?.requests ?? null)).toEqual([
      1_412,
      1_412,
      1_412,
      null,
    ]);
    expect(document.entries[1]?.proof?.failures).toEqual([
      { ...failure, at: '2023-11-14T22:13:20Z', during: 'stop-container web/1' },
    ]);
  });

  it('is told, once', () => {
    const text = renderHistory(document, plainStyle).replaceAll(/\n +/g, ' ');

    expect(text.split('\n').map((line) => line.replace(/^.*More web(: )?/, ''))).toEqual([
      '; 1,412 requests, none failed, slowest 31 ms; commit 000000000000 by Ada',
      '; 2 of 1,412 requests failed, slowest 31 ms, first: HTTP 502 at http://192.0.2.1:80 while stop-container web/1; commit 000000000000 by Ada',
      'RequestsFailed: 2 of 1,412 requests failed; commit 000000000000 by Ada',
      '; commit 000000000000 by Ada',
    ]);
  });
});

describe('the text of the history', () => {
  const text = renderHistory(historyDocument(entries, '1700000000000-4', at), plainStyle);

  it('says what happened, where, how long it took, why and at whose word, on 80 columns', () => {
    expect(overlong(text)).toEqual([]);
    expect(text.split('\n')).toEqual([
      '2023-11-14T22:13:20Z  shop/web/1 on host-1 rollout failed in 12.4 s, 7 steps',
      '    More web: Exited: it exited with code 1 before it was ready; commit',
      '    000000000000 by Ada',
      '2023-11-14T22:13:20Z  shop/web/1 on host-1 create-container done in 340 ms',
      '    image changed and 1 more; apps/shop/compose.yaml:1:1 image; shop-web-1-cafe;',
      '    commit 000000000000 by Ada',
      '2023-11-14T22:13:20Z  shop/web/1 on host-1 heal begun',
      '    by fleetwright',
      '2023-11-14T22:13:20Z  host host-1 lost in 5 min 0 s',
      '    by fleetwright',
      '2023-11-14T22:13:20Z  shop suspend refused',
      '    no; by ada@laptop',
      '2023-11-14T22:13:20Z  commit accepted',
      '    commit 000000000000 by Ada',
      '',
      'There is more: --before 1700000000000-4',
    ]);
  });

  it('says so when there is nothing', () => {
    expect(renderHistory(historyDocument([], null, at), plainStyle)).toBe(
      'Nothing of that kind is in the history.',
    );
  });
});
