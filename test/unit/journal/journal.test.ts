import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import Database from 'libsql';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal, readJournal } from '../../../src/journal/open-journal.ts';
import { keptEvents } from '../../../src/journal/tables.ts';
import { diagnosticAt } from '../../../src/model/diagnostic.ts';
import { StalledError } from '../../../src/model/errors.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { toContainerId, toHostName } from '../../../src/model/names.ts';
import { rolledService } from '../../../src/rollout/image-pins.ts';
import {
  aCommit,
  aDriftItem,
  anApplication,
  aQuarantine,
  aRevision,
  aService,
  origin,
} from '../../support/builders.ts';

let folder = '';
let log: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleetwright-journal-'));
  log = [];
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function open(): Journal {
  return openJournal(folder, pino({}, { write: (line) => void log.push(line) }));
}

/** Files that could not be read and are kept for a person. */
function setAside(): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith('journal.db.unreadable'));
}

/** Opens the journal, works with it and closes it again. */
function session<Result>(work: (journal: Journal) => Result): Result {
  using journal = open();
  return work(journal);
}

const everywhere = new Set([toHostName('host-1')]);
const service = aService();
const host = toHostName('host-1');
const container = toContainerId('c1');
const slot = 'shop/web/1';
const { hash } = service;
const entries: readonly JournalEntry[] = [
  { kind: 'slot-reserved', slot, epoch: 4, hash, host, vacating: false },
  { kind: 'instance-seen', slot, container, epoch: 4, hash, host },
  {
    kind: 'image-pulled',
    host,
    id: 'sha256:1',
    reference: 'web:1',
    isNew: true,
    application: 'shop',
    at: 4,
  },
  {
    kind: 'rollout-started',
    application: 'shop',
    key: 'k',
    commit: aCommit(1),
    isRollback: false,
    at: 5,
  },
  {
    kind: 'succeeded',
    application: 'shop',
    spec: anApplication([service]),
    commit: aCommit(1),
    at: 9,
  },
  {
    kind: 'quarantined',
    application: 'shop',
    container: null,
    quarantine: aQuarantine(service, { log: ['last words'] }),
  },
];

describe('what was written', () => {
  it('is there after reopening', () => {
    const written = session((journal) => {
      journal.write(entries, 10);
      return journal.state();
    });

    expect(session((journal) => journal.state())).toEqual(written);
    expect(written.slots.get(slot)).toMatchObject({ epoch: 4, pending: false });
    expect(log).toEqual([]);
  });

  it('is gone after reopening when it was taken away', () => {
    session((journal) => journal.write(entries, 10));
    session((journal) => journal.write([{ kind: 'pruned', application: 'shop', at: 11 }], 11));

    const { applications, slots, instances } = session((journal) => journal.state());

    expect([applications.size, slots.size, instances.size]).toEqual([0, 0, 0]);
  });

  it('survives that its process is killed', async () => {
    const script = fileURLToPath(new URL('write-and-wait.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder]);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');

    expect(session((journal) => [...journal.state().applications.keys()])).toEqual(['shop']);
    expect(log).toEqual([]);
  });

  it('is a record of events', () => {
    session((journal) => {
      journal.write(entries.slice(0, 1), 10);
    });

    const database = new Database(join(folder, 'journal.db'), { readonly: true });
    const events = database.prepare('SELECT at, kind, application FROM events ORDER BY id').all();
    database.close();
    expect(events).toEqual([{ at: 10, kind: 'slot-reserved', application: 'shop' }]);
  });

  it('keeps so many events and no more', () => {
    session((journal) => journal.write(entries.slice(0, 1), 1));
    const database = new Database(join(folder, 'journal.db'));
    database.exec(`UPDATE sqlite_sequence SET seq = ${keptEvents + 99} WHERE name = 'events'`);
    database.close();

    session((journal) => journal.write(entries.slice(0, 1), 2));

    const after = new Database(join(folder, 'journal.db'), { readonly: true });
    expect(after.prepare('SELECT at FROM events').all()).toEqual([{ at: 2 }]);
    after.close();
  });
});

describe('accept() and reject()', () => {
  const problem = diagnosticAt(origin, 'services', 'unknown-key', 'unknown key "imge"');

  it('keep the commit in force, and the head that was refused', () => {
    session((journal) => {
      journal.accept(aRevision(1), ['blog', 'shop']);
      journal.reject(aRevision(2), [problem]);
    });

    session((journal) => {
      expect(journal.accepted()).toEqual(aRevision(1));
      expect(journal.rejected()).toEqual({ revision: aRevision(2), diagnostics: [problem] });
    });
  });

  it('keep why the head is refused now, when that is another reason than before', () => {
    session((journal) => {
      journal.reject(aRevision(2), [problem]);
      journal.reject(aRevision(2), [{ ...problem, code: 'other' }]);

      expect(journal.rejected()?.diagnostics).toEqual([{ ...problem, code: 'other' }]);
    });
  });

  it('forget the refused head with the next good one', () => {
    session((journal) => {
      journal.reject(aRevision(2), [problem]);
      journal.accept(aRevision(3), ['shop']);

      expect(journal.rejected()).toBeNull();
    });
  });

  it('note which applications are there and which a commit removed', () => {
    session((journal) => {
      journal.accept(aRevision(1), ['blog', 'shop']);
      journal.accept(aRevision(2), ['shop']);
    });

    const { applications } = session((journal) => journal.state());

    expect(applications.get('shop')?.removedBy).toBeNull();
    expect(applications.get('blog')?.removedBy).toBe(aCommit(2));
  });

  it('are nothing before the first commit', () => {
    session((journal) => {
      expect([journal.accepted(), journal.rejected()]).toEqual([null, null]);
    });
  });
});

describe('drift over time', () => {
  const item = aDriftItem();
  const other = aDriftItem({ slot: '2' });

  it('has a first time, which a restart does not forget', () => {
    session((journal) => journal.recordDrift([item], everywhere, 100));
    session((journal) => journal.recordDrift([{ ...item, observed: 7 }], everywhere, 200));

    expect(session((journal) => journal.drift(0))).toEqual([
      { item: { ...item, observed: 7 }, firstSeen: 100, lastSeen: 200, resolvedAt: null },
    ]);
  });

  it('is resolved when it is not there any more', () => {
    session((journal) => {
      journal.recordDrift([item, other], everywhere, 100);
      journal.recordDrift([other], everywhere, 300);

      const records = journal
        .drift(0)
        .map(({ item: { slot: at }, resolvedAt }) => [at, resolvedAt]);
      expect(records).toEqual([
        ['1', 300],
        ['2', null],
      ]);
    });
  });

  it('is told as far back as it is asked for', () => {
    session((journal) => {
      journal.recordDrift([item], everywhere, 100);
      journal.recordDrift([], everywhere, 300);

      expect(journal.drift(300)).toHaveLength(1);
      expect(journal.drift(301)).toEqual([]);
    });
  });

  it('is not taken for resolved on a host that cannot be seen', () => {
    session((journal) => {
      journal.recordDrift([item], everywhere, 100);
      journal.recordDrift([], new Set(), 300);
      expect(journal.drift(0)).toMatchObject([{ resolvedAt: null }]);

      journal.recordDrift([], everywhere, 500);
      expect(journal.drift(0)).toMatchObject([{ firstSeen: 100, resolvedAt: 500 }]);
    });
  });

  it('began when the engine says, and keeps the first cause, also over a restart', () => {
    const cause = { kind: 'update', at: 90, detail: 'docker update' } as const;
    const later = { ...cause, at: 150 };
    session((journal) => {
      journal.recordDrift([item], everywhere, 100);
      journal.recordDrift([{ ...item, cause }], everywhere, 110);
      journal.recordDrift([{ ...item, cause: later }], everywhere, 160);
    });
    session((journal) => journal.recordDrift([{ ...item, observed: 7 }], everywhere, 200));

    expect(session((journal) => journal.drift(0))).toMatchObject([
      { item: { observed: 7, cause }, firstSeen: 90 },
    ]);
  });

  it('is told of in better words, as long as they are about the same moment', () => {
    const cause = { kind: 'kill', at: 90, detail: 'killed by signal 15' } as const;
    const better = { kind: 'stop', at: 90, detail: 'docker stop' } as const;
    session((journal) => {
      journal.recordDrift([{ ...item, cause }], everywhere, 100);
      journal.recordDrift([{ ...item, cause: better }], everywhere, 110);
    });

    expect(session((journal) => journal.drift(0))).toMatchObject([{ item: { cause: better } }]);
  });

  it('begins anew when it comes back', () => {
    session((journal) => {
      journal.recordDrift([item], everywhere, 100);
      journal.recordDrift([], everywhere, 300);
      journal.recordDrift([item], everywhere, 500);

      expect(journal.drift(0)).toMatchObject([{ firstSeen: 500, resolvedAt: null }]);
    });
  });

  it('is forgotten thirty days after it was resolved', () => {
    const month = 30 * 24 * 3_600_000;
    session((journal) => {
      journal.recordDrift([item], everywhere, 100);
      journal.recordDrift([], everywhere, 300);
      journal.recordDrift([other], everywhere, 301 + month);

      expect(journal.drift(0).map((record) => record.item.slot)).toEqual(['2']);
    });
  });
});

describe('a state folder', () => {
  it('has one writer', () => {
    using journal = open();

    expect(journal.state().slots.size).toBe(0);
    expect(open).toThrow(StalledError);
    expect(open).toThrow(`another fleetwright (pid ${process.pid}) is using it`);
  });

  it('is free again when its writer has closed it', () => {
    session(() => undefined);

    expect(session((journal) => journal.accepted())).toBeNull();
  });

  it('can be read beside its writer', () => {
    using journal = open();
    using reader = readJournal(folder);
    expect(reader.state().slots.size).toBe(0);

    journal.write(entries, 10);
    journal.accept(aRevision(1), ['shop']);
    journal.recordDrift([aDriftItem()], everywhere, 20);

    expect(reader.state()).toEqual(journal.state());
    expect(reader.accepted()).toEqual(aRevision(1));
    expect(reader.rejected()).toBeNull();
    expect(reader.drift(0)).toHaveLength(1);
  });

  it('is empty to a reader, and stays so, when there is no journal', () => {
    using reader = readJournal(folder);

    expect(reader.state().applications.size).toBe(0);
    expect([reader.accepted(), reader.rejected(), reader.drift(0)]).toEqual([null, null, []]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('sets a file aside that is no journal, and begins anew', () => {
    writeFileSync(join(folder, 'journal.db'), 'not a database, but something to look at later');

    session((journal) => journal.write(entries, 10));

    const [aside = ''] = setAside();
    expect(readFileSync(join(folder, aside), 'utf8')).toContain('to look at');
    expect(log.join()).toContain('journal cannot be read: it is begun anew');
    expect(session((journal) => journal.state().slots.has(slot))).toBe(true);
  });

  it('is empty to a reader when the file is no journal', () => {
    writeFileSync(join(folder, 'journal.db'), 'not a database');
    using reader = readJournal(folder);

    expect(reader.state().applications.size).toBe(0);
  });

  it('sets a journal aside whose records are no JSON', () => {
    session((journal) => journal.write(entries, 10));
    const database = new Database(join(folder, 'journal.db'));
    database.exec("UPDATE slots SET record = '{'");
    database.close();

    expect(session((journal) => journal.state().slots.size)).toBe(0);
  });

  it('reads an application of an earlier release, which kept only its manifest', () => {
    session((journal) => journal.write(entries, 10));
    const database = new Database(join(folder, 'journal.db'));
    database.exec(
      "UPDATE applications SET record = json_remove(record, '$.lastKnownGood.spec.files')",
    );
    database.close();

    const records = session((journal) => [...journal.state().applications.values()]);
    const good = records.flatMap(({ lastKnownGood }) => lastKnownGood ?? []);

    expect(good.map(({ spec }) => spec.files)).toEqual([['apps/shop/compose.yaml']]);
  });

  it('keeps the version that a moved tag has made', () => {
    const rolled = rolledService(service, `sha256:${'a'.repeat(64)}`);
    const spec = anApplication([rolled]);
    const commit = aCommit(1);
    const succeeded = { kind: 'succeeded', application: 'shop', spec, commit, at: 7 } as const;
    session((journal) => journal.write([succeeded], 7));

    const state = session((journal) => journal.state());

    const [kept] = state.applications.get('shop')?.lastKnownGood?.spec.services ?? [];
    expect(kept?.hash).toBe(rolled.hash);
  });

  it('reads hashes of an earlier release as those of today', () => {
    session((journal) => journal.write(entries, 10));
    const hashes = (): readonly string[] => {
      const records = session((journal) => [...journal.state().applications.values()]);
      return records.flatMap(
        ({ lastKnownGood }) => lastKnownGood?.spec.services.map(({ hash }) => hash) ?? [],
      );
    };
    const before = hashes();
    const database = new Database(join(folder, 'journal.db'));
    database.exec(
      "UPDATE applications SET record = json_set(record, '$.lastKnownGood.spec.services[0].hash', 'old')",
    );
    database.close();

    expect(before).not.toEqual([]);
    expect(hashes()).toEqual(before);
  });
});

describe('what was measured of canaries', () => {
  const pass = { operator: '<', number: 0.01 } as const;
  const queries = [{ name: 'errors', query: 'sum(x)', pass, fail: null }];
  const analysis = { queries, intervalMs: 30_000, failureLimit: 0 };
  const target = { application: 'shop', service: 'web', since: 1_000, analysis };
  const record = { measured: 2, failed: 1, last: { kind: 'unread', reason: 'HTTP 503' } } as const;

  it('is there for who reads beside it, and is forgotten when it is left out', () => {
    const analyses = new Map([['shop/web', { target, queries: new Map([['errors', record]]) }]]);
    session((journal) => {
      journal.recordAnalyses(analyses);
      expect(journal.state().analyses).toEqual(analyses);
    });
    {
      using reader = readJournal(folder);
      expect(reader.state().analyses).toEqual(analyses);
    }
    session((journal) => journal.recordAnalyses(new Map()));

    expect(session((journal) => journal.state().analyses.size)).toBe(0);
  });
});

describe('what services are under', () => {
  const cpu = { metric: 'cpu', value: 63, target: 70 } as const;

  it('is there after another start, also for who reads beside it', () => {
    const loads = new Map([['shop/web', [cpu]]]);
    session((journal) => {
      journal.recordLoads(loads);
      expect(journal.state().loads).toEqual(loads);
    });

    expect(session((journal) => journal.state().loads)).toEqual(loads);
    using reader = readJournal(folder);
    expect(reader.state().loads).toEqual(loads);
  });

  it('is forgotten of a service that is left out', () => {
    session((journal) => {
      journal.recordLoads(new Map([['shop/web', [cpu]]]));
      journal.recordLoads(new Map());
    });

    expect(session((journal) => journal.state().loads.size)).toBe(0);
  });
});
