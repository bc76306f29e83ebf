import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'libsql';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { HistoryQuery } from '../../../src/journal/history-rows.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal, readJournal } from '../../../src/journal/open-journal.ts';
import { openRequestBox } from '../../../src/journal/request-box.ts';
import { diagnosticAt } from '../../../src/model/diagnostic.ts';
import type { HistoryEntry } from '../../../src/model/history.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type { Step, StepOutcome } from '../../../src/model/step.ts';
import {
  aCommit,
  anApplication,
  anInstance,
  aQuarantine,
  aRevision,
  aService,
  aStep,
  origin,
} from '../../support/builders.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleetwright-history-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const logger = pino({ level: 'silent' });
const file = (): string => join(folder, 'journal.db');

function session<Result>(work: (journal: Journal) => Result, budget?: number): Result {
  using journal = openJournal(folder, logger, budget);
  return work(journal);
}

/** As the command reads it, beside whoever writes; the oldest first. */
function told(query: Partial<HistoryQuery> = {}): readonly HistoryEntry[] {
  using journal = readJournal(folder);
  const found = journal.history({ limit: 1_000, steps: false, ...query });
  return found.map(({ entry }) => entry).toReversed();
}

function kinds(query: Partial<HistoryQuery> = {}): readonly string[] {
  return told(query).map(({ kind }) => kind);
}

const service = aService();
const host = toHostName('host-1');
const slot = 'shop/web/1';
const first = aRevision(1);
const second = { ...aRevision(2), author: 'Grace', subject: 'two' };
const done: StepOutcome = { kind: 'done' };
const spec = anApplication([service]);
const { identity, container } = anInstance(service);
const create: Step['action'] = { kind: 'create-container', identity, service };
const guard = { id: container.id, self: '', states: [] };
const promote: Step['action'] = {
  kind: 'update-container',
  guard,
  name: container.name,
  restart: service.container.restart,
  resources: null,
};

function started(seed: number, at: number, isRollback = false): JournalEntry {
  const commit = aCommit(seed);
  return { kind: 'rollout-started', application: 'shop', key: `${seed}`, commit, isRollback, at };
}

function succeeded(seed: number, at: number): JournalEntry {
  return { kind: 'succeeded', application: 'shop', spec, commit: aCommit(seed), at };
}

function deploy(journal: Journal): void {
  const { hash } = service;
  journal.accept(first, ['shop']);
  const reserved = { slot, epoch: 1, hash, host, vacating: false } as const;
  journal.write([started(1, 100), { kind: 'slot-reserved', ...reserved }], 100);
  journal.recordStep(aStep(create), done, 110, 120);
  journal.write([succeeded(1, 150)], 150);
}

describe('the history', () => {
  it('tells a deploy, with its commit, author, steps and time', () => {
    session(deploy);

    expect(kinds()).toEqual([
      'rollout-started',
      'rollout-succeeded',
      'journal-begun',
      'commit-accepted',
    ]);
    expect(told({ application: 'shop' }).at(-1)).toMatchObject({
      kind: 'rollout-succeeded',
      commit: aCommit(1),
      actor: 'Ada',
      cause: 'change',
      startedAt: 100,
      at: 150,
      steps: 1,
      result: 'done',
    });
  });

  it('tells a failure, whose commit it was, and the way back', () => {
    session((journal) => {
      deploy(journal);
      journal.accept(second, ['shop']);
      journal.write([started(2, 200)], 200);
      const quarantine = aQuarantine(service);
      const failed = { application: 'shop', quarantine, container: null } as const;
      journal.write([{ kind: 'quarantined', ...failed }], 250);
      journal.write([started(1, 260, true)], 260);
      journal.write([{ kind: 'rolled-back', application: 'shop', at: 300 }], 300);
    });

    const [, , , failed, back, end] = told({ application: 'shop' });
    expect(failed).toMatchObject({
      kind: 'rollout-failed',
      actor: 'Grace',
      commit: aCommit(2),
      host: 'host-1',
      result: 'failed',
      message: 'Exited: it exited with code 1 before it was ready',
      startedAt: 200,
    });
    expect(back).toMatchObject({ kind: 'rollback-started', actor: 'fleetwright' });
    expect(end).toMatchObject({
      kind: 'rolled-back',
      commit: aCommit(1),
      cause: 'it exited with code 1 before it was ready',
      startedAt: 260,
    });
  });

  it('tells why a number of instances has changed by load, and nothing of the one that it begins with', () => {
    session((journal) => {
      const scaled = { kind: 'scaled', application: 'shop', service: 'web' } as const;
      journal.write([{ ...scaled, from: null, replicas: 4, cause: '', at: 100 }], 100);
      const cause = 'cpu 93 % above 70 %';
      journal.write([{ ...scaled, from: 4, replicas: 6, cause, at: 200 }], 200);
    });

    expect(told({ application: 'shop' })).toEqual([
      expect.objectContaining({
        kind: 'scaled',
        service: 'web',
        cause: 'cpu 93 % above 70 %',
        message: '4 → 6',
        actor: 'fleetwright',
        at: 200,
      }),
    ]);
  });

  it('tells a repair as one, with the cause of its first step and what came of the last', () => {
    const cause = { ...aStep(create).cause, reason: 'its instance is missing' };
    const removal = { kind: 'destroy', at: 390, detail: 'docker rm' } as const;
    const drift = { class: 'missing', path: '', cause: removal } as const;
    session((journal) => {
      deploy(journal);
      journal.write([{ kind: 'repaired', slot, repairs: 1, at: 400, drift }], 400);
      journal.recordStep(aStep(create, { cause }), done, 400, 410);
    });
    expect(told({ application: 'shop' }).at(-1)).toMatchObject({ kind: 'healed', result: 'begun' });

    session((journal) => {
      journal.recordStep(aStep(promote), done, 420, 430);
      journal.recordStep(aStep(promote), done, 900, 910);
    });

    expect(told({ application: 'shop' }).at(-1)).toMatchObject({
      kind: 'healed',
      service: 'web',
      slot: '1',
      host: 'host-1',
      actor: 'fleetwright',
      cause: 'missing, docker rm at 1970-01-01T00:00:00Z: its instance is missing',
      origin,
      result: 'done',
      steps: 2,
      startedAt: 400,
      at: 430,
    });
  });

  it('tells a repair after a rollback, which the journal does not count', () => {
    const { hash } = service;
    const other = { slot, epoch: 2, hash: aService({ container: { image: 'v2' } }).hash, host };
    session((journal) => {
      deploy(journal);
      journal.write([{ kind: 'slot-reserved', ...other, vacating: false }], 200);
      journal.write([{ kind: 'slot-reserved', slot, epoch: 3, hash, host, vacating: false }], 300);
      journal.recordStep(aStep(create), done, 300, 310);
      journal.recordStep(aStep(promote), done, 310, 320);
    });

    expect(told({ application: 'shop' }).slice(2)).toMatchObject([
      { kind: 'healed', result: 'done', startedAt: 300, at: 320, steps: 2 },
    ]);
  });

  it('tells a repair that failed, and the next one by itself', () => {
    const failure = { class: 'infrastructure', reason: 'DiskFull', message: 'no space' } as const;
    session((journal) => {
      deploy(journal);
      journal.write([{ kind: 'repaired', slot, repairs: 1, at: 400 }], 400);
      journal.recordStep(aStep(create), { kind: 'failed', failure }, 400, 410);
      journal.write([{ kind: 'repaired', slot, repairs: 2, at: 500 }], 500);
      journal.recordStep(aStep(create), done, 500, 510);
      journal.recordStep(aStep(promote), done, 510, 520);
    });

    expect(told({ application: 'shop' }).slice(-2)).toMatchObject([
      { kind: 'healed', result: 'failed', message: 'DiskFull: no space', at: 410 },
      { kind: 'healed', result: 'done', message: '2 times in a row', at: 520 },
    ]);
  });

  it('takes what proxies are told for no part of a repair', () => {
    const guard = { id: toContainerId('proxy'), self: '', states: ['running'] as const };
    const endpoint = {
      backend: 'shop:web',
      name: 'host-1:web:abc',
      address: '192.0.2.1',
      port: 80,
    };
    session((journal) => {
      deploy(journal);
      journal.write([{ kind: 'repaired', slot, repairs: 1, at: 400 }], 400);
      const told = { kind: 'withdraw-endpoint', endpoint, guard, name: 'edge-haproxy-1' } as const;
      journal.recordStep(aStep(told), done, 400, 405);
      journal.recordStep(aStep(create), done, 400, 410);
    });

    expect(told({ application: 'shop' }).at(-1)).toMatchObject({
      kind: 'healed',
      result: 'begun',
      steps: 1,
    });
  });

  it('leaves a repair that a rollout overtook as nobody saw it end', () => {
    session((journal) => {
      deploy(journal);
      journal.write([{ kind: 'repaired', slot, repairs: 1, at: 400 }], 400);
      journal.recordStep(aStep(create), done, 400, 410);
      journal.write([started(2, 500)], 500);
      journal.recordStep(aStep(promote), done, 510, 520);
    });

    expect(told({ application: 'shop' }).find(({ kind }) => kind === 'healed')).toMatchObject({
      result: 'begun',
      steps: 1,
    });
  });

  it('tells who took an application out, and when nothing of it was left', () => {
    session((journal) => {
      deploy(journal);
      journal.accept(second, []);
      journal.write([{ kind: 'pruned', application: 'shop', at: 9e14 }], 9e14);
    });

    const [removed, pruned] = told({ application: 'shop' }).slice(-2);
    expect(removed).toMatchObject({ kind: 'application-removed', actor: 'Grace', cause: 'two' });
    expect(pruned).toMatchObject({ kind: 'pruned', actor: 'Grace', commit: aCommit(2), steps: 0 });
    expect(pruned?.startedAt).toBe(removed?.at);
  });

  it('tells a commit that was refused, with the line and why', () => {
    const problem = diagnosticAt(origin, 'services', 'unknown-key', 'unknown key "imge"');
    session((journal) => journal.reject(second, [problem, problem]));

    expect(told().at(-1)).toMatchObject({
      kind: 'commit-rejected',
      actor: 'Grace',
      origin,
      fields: ['services'],
      result: 'refused',
      message: 'unknown key "imge" (and 1 more)',
    });
  });

  it('tells who asked for something, and that it was turned down', () => {
    session(deploy);
    using box = openRequestBox(folder);
    const asked = { application: 'shop', by: 'ada@laptop', at: 300 } as const;
    const suspend = box.append({ kind: 'suspend', ...asked });
    const promotion = box.append({ kind: 'promote', ...asked });
    session((journal) => {
      const answer = { application: 'shop', message: 'so it is', at: 310 } as const;
      journal.write(
        [
          { kind: 'suspended', application: 'shop', requested: true, at: 310 },
          { kind: 'request-answered', request: suspend.id, accepted: true, ...answer },
          { kind: 'request-answered', request: promotion.id, accepted: false, ...answer },
        ],
        310,
      );
    });

    expect(told({ application: 'shop' }).slice(-2)).toMatchObject([
      { kind: 'request', action: 'suspend', actor: 'ada@laptop', result: 'done', startedAt: 300 },
      { kind: 'request', action: 'promote', actor: 'ada@laptop', result: 'refused' },
    ]);
  });

  it('tells what became of a host, and who closed it', () => {
    session((journal) => {
      journal.accept(first, []);
      journal.write([{ kind: 'host-away', host, since: 100 }], 130);
      journal.write([{ kind: 'host-lost', host }], 400);
      journal.write([{ kind: 'host-fenced', host, by: 'ada@laptop', at: 410 }], 410);
      journal.write([{ kind: 'host-back', host }], 500);
      journal.write([{ kind: 'host-use', host, use: 'draining' }], 600);
      journal.write([{ kind: 'host-use', host, use: 'open' }], 700);
    });

    expect(told({ host: 'host-1' })).toMatchObject([
      { kind: 'host-away', startedAt: 100, at: 130, actor: 'fleetwright' },
      { kind: 'host-lost', startedAt: 100 },
      { kind: 'host-fenced', actor: 'ada@laptop' },
      { kind: 'host-back', startedAt: 100, at: 500 },
      { kind: 'host-draining', actor: 'Ada', commit: aCommit(1) },
      { kind: 'host-open', actor: 'Ada' },
    ]);
  });

  it('knows a step by its field and line, and never its values', () => {
    const changes = [{ path: 'environment.PASSWORD', from: 'hunter1', to: 'hunter2' }];
    const cause = { ...aStep(create).cause, path: 'environment.PASSWORD', changes };
    session((journal) => journal.recordStep(aStep(create, { cause }), done, 10, 30));

    expect(told({ steps: true }).find(({ kind }) => kind === 'step')).toMatchObject({
      action: 'create-container',
      container: container.name,
      origin,
      fields: ['environment.PASSWORD'],
      startedAt: 10,
    });
    expect(readFileSync(file()).includes('hunter')).toBe(false);
  });
});

describe('a history that begins', () => {
  it('says which commit was found in force when the journal of an earlier release had none', () => {
    session((journal) => journal.accept(first, ['shop']));
    const database = new Database(file());
    database.exec("DROP TABLE history; DELETE FROM facts WHERE name = 'historyBytes'");
    database.close();
    expect(told()).toEqual([]);

    session((journal) => journal.accept(second, ['shop']));

    expect(told()).toMatchObject([
      { kind: 'journal-begun', commit: aCommit(1) },
      { kind: 'commit-accepted', commit: aCommit(2) },
    ]);
  });

  it('says what became of the journal before, and what is found on the hosts', () => {
    writeFileSync(file(), 'no database at all, but long enough to be taken for a header of one');
    const { hash } = service;
    const seen = { slot, container: toContainerId('c1'), epoch: 4, hash, host };
    session((journal) => {
      journal.accept(first, ['shop']);
      journal.write([{ kind: 'instance-seen', ...seen }], 9e14);
    });

    const [begun, , found] = told();
    expect(begun).toMatchObject({ kind: 'journal-begun', commit: aCommit(1) });
    expect(begun?.cause).toMatch(/could not be read and was set aside as journal\.db\.unreadable-/);
    expect(begun?.message).toContain('by Ada was found in force');
    expect(found).toMatchObject({ kind: 'instance-found', slot: '1', host: 'host-1' });
  });

  it('does not begin again when it is opened again', () => {
    session(deploy);
    session((journal) => journal.accept(second, ['shop']));

    expect(kinds().filter((kind) => kind === 'journal-begun')).toHaveLength(1);
  });
});

function fill(entries: number): void {
  session((journal) => {
    deploy(journal);
    for (let index = 0; index < entries; index += 1) {
      // Several at one time: only their numbers tell them apart.
      const at = 1_000 + Math.floor(index / 3);
      journal.recordStep(aStep(create), done, at, at);
      journal.write([{ kind: 'host-away', host: toHostName(`host-${index}`), since: at }], at);
    }
  });
}

describe('a page of the history', () => {
  it.each([true, false])('leaves out nothing and repeats nothing, with steps: %s', (steps) => {
    fill(20);
    using journal = readJournal(folder);
    const all = journal.history({ limit: 1_000, steps });
    const seen: number[] = [];
    for (;;) {
      const last = all.find(({ id }) => id === seen.at(-1));
      const before = last === undefined ? {} : { before: { at: last.entry.at, id: last.id } };
      const page = journal.history({ limit: 7, steps, ...before });
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
    }

    expect(seen).toEqual(all.map(({ id }) => id));
    expect(all).toHaveLength(steps ? 45 : 24);
  });

  it('is of an application, a host and a time', () => {
    fill(5);

    expect(kinds({ host: 'host-3' })).toEqual(['host-away']);
    expect(kinds({ application: 'shop', since: 150 })).toEqual(['rollout-succeeded']);
    expect(kinds({ application: 'shop', host: 'host-3', steps: true })).toEqual([]);
    expect(kinds({ limit: 1 })).toEqual(['commit-accepted']);
  });
});

it('within its budget the oldest entries go, and the file does not grow', () => {
  const budget = 100_000;
  const write = (from: number): void => {
    session((journal) => {
      for (let at = from; at < from + 1_000; at += 1) {
        journal.recordStep(aStep(create), done, at, at);
      }
    }, budget);
  };
  write(0);
  const size = statSync(file()).size;
  write(1_000);

  const steps = told({ steps: true }).filter(({ kind }) => kind === 'step');
  expect(steps.at(-1)?.at).toBe(1_999);
  expect(steps.length).toBeGreaterThan(50);
  expect(steps[0]?.at).toBe(2_000 - steps.length);
  expect(statSync(file()).size).toBeLessThanOrEqual(size);
  expect(size).toBeLessThan(budget + 150_000);
});
