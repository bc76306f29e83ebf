import { describe, expect, it } from 'vitest';

import { historyEntry, type HistoryEntry } from '../../../src/model/history.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { Matter, Subscription } from '../../../src/model/notice.ts';
import { wants, wantsEnd } from '../../../src/model/notice.ts';
import { dueReminders } from '../../../src/report/due-reminders.ts';
import type { TellInput, Told } from '../../../src/report/tell-notices.ts';
import { tellNotices } from '../../../src/report/tell-notices.ts';
import type { Levels, Trouble } from '../../../src/report/troubles.ts';
import { aCommit, origin } from '../../support/builders.ts';

const commit = aCommit('a');
const host = toHostName('host-1');
const about = { at: 1_000, application: 'shop', commit, actor: 'Ada' };

/** Nothing was told yet, and all is well. */
const beginning: TellInput = {
  entries: [],
  levels: null,
  since: new Map(),
  isRefused: true,
  open: new Map(),
  state: { id: 'x', told: 0, fleet: 'prod', converged: null },
  now: 100_000,
};

const well: Levels = {
  troubles: [],
  applications: new Set(['shop']),
  ready: new Set(['shop']),
  hosts: new Set(['host-1']),
  converged: null,
};

function trouble(facts: Partial<Trouble> = {}): Trouble {
  const message = 'it is degraded';
  const base = { key: 'health/shop', event: 'application-degraded', application: 'shop' } as const;
  return { ...base, message, patienceMs: 30_000, ...facts };
}

function then(before: Told, facts: Partial<TellInput>): Told {
  const { open, state } = before;
  return tellNotices({ ...beginning, open, state, ...facts });
}

function after(...entries: readonly HistoryEntry[]): Told {
  return tellNotices({ ...beginning, entries });
}

function events({ tellings }: Told): readonly string[] {
  return tellings.map(({ notice }) => notice.event);
}

const failed = historyEntry({
  ...about,
  kind: 'rollout-failed',
  service: 'web',
  slot: '1',
  host,
  result: 'failed',
  message: 'Unhealthy: 5 probes failed',
});

describe('what is told of the history', () => {
  it.each<[HistoryEntry, string, string]>([
    [
      historyEntry({ ...about, application: '', kind: 'commit-accepted', message: 'more' }),
      'commit-accepted',
      'commit 000000000000 by Ada is taken up: more',
    ],
    [
      historyEntry({ ...about, application: '', kind: 'commit-rejected', origin, message: 'no' }),
      'commit-rejected',
      'commit 000000000000 by Ada is refused: apps/shop/compose.yaml:1:1: no',
    ],
    [
      historyEntry({ ...about, kind: 'rollout-started' }),
      'rollout-started',
      'the rollout of commit 000000000000 has begun',
    ],
    [
      historyEntry({ ...about, kind: 'rollout-succeeded', startedAt: -1_000 }),
      'rollout-succeeded',
      'commit 000000000000 is rolled out after 2 s',
    ],
    [
      failed,
      'rollout-failed',
      'the rollout of commit 000000000000 has failed: web/1 on host-1: Unhealthy: 5 probes failed',
    ],
    [
      historyEntry({ ...about, kind: 'rollback-started', cause: 'Unhealthy' }),
      'rollback-started',
      'it goes back to commit 000000000000: Unhealthy',
    ],
    [
      historyEntry({
        ...about,
        kind: 'rollout-succeeded',
        proof: { requests: 9, failed: 0, worstMs: 3, unwatchedMs: 0, until: 1, failures: [] },
      }),
      'rollout-succeeded',
      'commit 000000000000 is rolled out; 9 requests, none failed, slowest 3 ms',
    ],
    [
      historyEntry({ ...about, kind: 'rolled-back', cause: 'Unhealthy' }),
      'rolled-back',
      'it is back at commit 000000000000: Unhealthy',
    ],
    [
      historyEntry({ at: 1, kind: 'host-away', host }),
      'host-unreachable',
      'host "host-1" does not answer',
    ],
    [
      historyEntry({ at: 61_000, kind: 'host-lost', host, startedAt: 1_000 }),
      'host-lost',
      'host "host-1" is given up after 1 min 0 s: what may run elsewhere is made there',
    ],
    [
      historyEntry({ at: 61_000, kind: 'host-back', host, startedAt: 1_000 }),
      'host-back',
      'host "host-1" answers again after 1 min 0 s',
    ],
  ])('%#: %s', (entry, event, message) => {
    const [telling] = after(entry).tellings;

    expect(telling?.notice).toMatchObject({ id: 'x-1', fleet: 'prod', event, message });
  });

  it('takes no more of what the author of a commit says of themselves than a line has room for', () => {
    const actor = `Ada\u001b[31m\n${'x'.repeat(5_000)}`;

    const [telling] = after(historyEntry({ ...about, actor, kind: 'rollout-started' })).tellings;

    expect(telling?.notice.actor).toBe(`Ada [31m ${'x'.repeat(191)}…`);
  });

  it('leaves out what is no edge, and what others write cannot begin a line of its own', () => {
    const said = historyEntry({
      ...about,
      kind: 'commit-accepted',
      message: 'a\r\nBcc: eve\u0007',
    });

    expect(events(after(historyEntry({ ...about, kind: 'healed' })))).toEqual([]);
    expect(after(said).tellings[0]?.notice.message).toContain('taken up: a Bcc: eve');
  });
});

describe('edges and their ends', () => {
  it('pairs a host that is back with the first word on it, whatever was said since', () => {
    const away = historyEntry({ at: 1, kind: 'host-away', host });
    const lost = historyEntry({ at: 2, kind: 'host-lost', host });
    const back = historyEntry({ at: 3, kind: 'host-back', host });

    const { tellings, open } = after(away, lost, back);

    expect(tellings.map(({ notice }) => notice.resolves)).toEqual([null, null, 'x-1']);
    expect(tellings[2]?.ended?.events).toEqual(['host-unreachable', 'host-lost']);
    expect(open.size).toBe(0);
  });

  it('tells of a trouble once, when it has lasted, and of its end', () => {
    const levels = { ...well, troubles: [trouble()] };
    const since = new Map([['health/shop', 80_000]]);
    const early = then(after(), { levels, since });
    const told = then(early, { levels, since, now: 110_000 });
    const again = then(told, { levels, since, now: 999_000 });
    const unsure = then(again, { levels: { ...well, ready: new Set() }, now: 999_500 });
    const over = then(unsure, { levels: well, now: 1_000_000 });

    expect([early, told, again, unsure, over].map(events)).toEqual([
      [],
      ['application-degraded'],
      [],
      [],
      ['application-recovered'],
    ]);
    expect(over.tellings[0]?.notice).toMatchObject({ id: 'x-2', resolves: 'x-1', tone: 'good' });
  });

  it('says nothing of the end of what it did not tell, nor before anything was decided', () => {
    const levels = { ...well, troubles: [trouble({ patienceMs: 0 })] };
    const told = then(after(), { levels });

    expect(events(then(after(), { levels: well }))).toEqual([]);
    expect(events(then(told, { levels: null }))).toEqual([]);
  });

  it.each([
    ['drift-report/shop', 'drift-found', 'drift-healed'],
    ['drift-heal/shop', 'drift-found', 'drift-healed'],
    ['operator', 'operator-isolated', 'operator-reconnected'],
    ['health/shop', 'application-stalled', 'application-recovered'],
  ] as const)('%s: %s ends with %s', (key, event, end) => {
    const levels = { ...well, troubles: [trouble({ key, event, patienceMs: 0 })] };
    const told = then(after(), { levels });

    expect(events(told)).toEqual([event]);
    expect(events(then(told, { levels: well }))).toEqual([end]);
  });

  it('takes a failed rollout for over when another one succeeds, or the commit takes back what failed', () => {
    const succeeded = historyEntry({ ...about, kind: 'rollout-succeeded' });
    const failing = { ...well, ready: new Set<string>() };

    expect(then(after(failed), { entries: [succeeded] }).tellings[0]?.notice.resolves).toBe('x-1');
    expect(events(then(after(failed), { levels: failing }))).toEqual([]);
    expect(events(then(after(failed), { levels: well }))).toEqual(['application-recovered']);
  });

  it('forgets what is not there any more', () => {
    const away = historyEntry({ at: 1, kind: 'host-away', host });
    const gone = { ...well, applications: new Set<string>(), hosts: new Set<string>() };
    const told = then(after(failed, away), { levels: gone });

    expect(events(told)).toEqual([]);
    expect(told.open.size).toBe(0);
  });

  it('tells that a refused commit is out of the way, with or without another one', () => {
    const refused = after(historyEntry({ ...about, application: '', kind: 'commit-rejected' }));
    const next = historyEntry({ ...about, application: '', kind: 'commit-accepted' });

    expect(events(then(refused, { isRefused: false }))).toEqual(['commit-withdrawn']);
    const told = then(refused, { entries: [next], isRefused: false });
    expect(told.tellings.map(({ notice: { event, resolves } }) => [event, resolves])).toEqual([
      ['commit-accepted', 'x-1'],
    ]);
  });

  it('tells once that all is as a commit asks, and again after it has failed in between', () => {
    const levels = { ...well, converged: commit };
    const first = then(after(), { levels });
    const failing = then(first, { entries: [failed], levels: { ...well, ready: new Set() } });
    const last = then(failing, { levels });

    expect([first, then(first, { levels }), failing, last].map(events)).toEqual([
      ['commit-converged'],
      [],
      ['rollout-failed'],
      ['application-recovered', 'commit-converged'],
    ]);
  });
});

describe('dueReminders()', () => {
  const hourMs = 3_600_000;
  const ops: Subscription = {
    name: 'ops',
    isStatus: false,
    events: null,
    applications: null,
    reminderMs: 6 * hourMs,
  };
  const { open } = after(failed);
  const at = (hours: number, told = 0, who = ops): readonly string[] =>
    dueReminders(open, who, new Map([['x-1', told]]), 1_000 + hours * hourMs).map(
      ({ notice }) => notice.id,
    );

  it('reminds each so many hours, once after a long silence, with an id of its own', () => {
    expect([at(5), at(6), at(7, 1), at(12, 1), at(100)]).toEqual([
      [],
      ['x-1-r1'],
      [],
      ['x-1-r2'],
      ['x-1-r16'],
    ]);
  });

  it('reminds nobody who was not told, does not want it, or sets a status', () => {
    expect(at(6, 0, { ...ops, reminderMs: null })).toEqual([]);
    expect(at(6, 0, { ...ops, isStatus: true })).toEqual([]);
    expect(at(6, 0, { ...ops, events: ['host-lost'] })).toEqual([]);
    expect(at(6, 0, { ...ops, applications: ['infra-*'] })).toEqual([]);
    expect(at(6, 0, { ...ops, applications: ['sh?p'] })).toEqual(['x-1-r1']);
  });

  it('tells whoever was told of one of the events of a matter of its end', () => {
    const [matter] = after(
      historyEntry({ at: 1, kind: 'host-away', host }),
      historyEntry({ at: 2, kind: 'host-lost', host }),
    ).open.values();

    expect(wantsEnd({ ...ops, events: ['host-lost'] }, matter as Matter)).toBe(true);
    expect(wantsEnd({ ...ops, events: ['host-back'] }, matter as Matter)).toBe(false);
    expect(wants({ ...ops, applications: ['*'] }, { event: 'host-lost', application: '' })).toBe(
      false,
    );
  });
});
