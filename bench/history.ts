/**
 * The history of an operator at work for long: what it takes on disk, and how long its pages take to read:
 * `npm run bench:history -- --entries 100000`. One of ten is no step, and no application or host has most of them.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type Database from 'libsql';

import type { HistoryQuery } from '../src/journal/history-rows.ts';
import { appendHistory } from '../src/journal/history-rows.ts';
import { journalFile, openDatabase } from '../src/journal/open-database.ts';
import { readJournal } from '../src/journal/open-journal.ts';
import type { HistoryEntry } from '../src/model/history.ts';
import { historyEntry } from '../src/model/history.ts';
import { toCommitSha, toHostName } from '../src/model/names.ts';
import { middle } from './measure.ts';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '20' },
  },
});

const entries = Number(values.entries);
const runs = Number(values.runs);
const applications = 200;
const hosts = 50;
const folder = mkdtempSync(join(tmpdir(), 'fleetwright-bench-'));

try {
  const began = performance.now();
  fill();
  const ms = performance.now() - began;
  say('written', `${entries} entries, ${((ms / entries) * 1000).toFixed(0)} µs each`);
  const size = statSync(join(folder, 'journal.db')).size;
  say('journal', `${(size / 1024 ** 2).toFixed(1)} MiB`);
  const limit = 51;
  read('all, newest', { limit, steps: false });
  read('all, steps', { limit, steps: true });
  read('all, half-way', { limit, steps: true, before: { at: entries / 2, id: 0 } });
  read('application', { limit, steps: true, application: 'app-7' });
  read('host', { limit, steps: true, host: 'host-7' });
  read('both, no entry', { limit, steps: true, application: 'app-7', host: 'host-8' });
  read('no such', { limit, steps: true, application: 'none', since: 1 });
} finally {
  rmSync(folder, { recursive: true });
}

/** In one transaction: what a disk takes for many is not what is measured. */
function fill(): void {
  const database = openDatabase(journalFile(folder));
  const statements = new Map<string, Database.Statement>();
  const prepare = (query: string): Database.Statement => {
    const statement = statements.get(query) ?? database.prepare(query);
    statements.set(query, statement);
    return statement;
  };
  database.transaction(() => {
    for (let at = 0; at < entries; at += 1) appendHistory(prepare, entryAt(at));
  })();
  database.close();
}

function entryAt(at: number): HistoryEntry {
  const application = `app-${at % applications}`;
  const isStep = at % 10 !== 0;
  return historyEntry({
    at,
    kind: isStep ? 'step' : 'rollout-succeeded',
    action: isStep ? 'start-container' : '',
    application,
    service: 'web',
    slot: '1',
    host: toHostName(`host-${at % hosts}`),
    container: `${application}-web-1-cafe`,
    commit: toCommitSha(String(at).padStart(40, '0')),
    origin: { file: `apps/${application}/compose.yaml`, line: 4, column: 5 },
    fields: ['image'],
    actor: 'Ada Lovelace',
    cause: 'image changed',
    startedAt: at,
  });
}

/** As the command does: the journal is opened, one page is read, and it is closed. */
function read(name: string, query: HistoryQuery): void {
  const times: number[] = [];
  let found = 0;
  for (let run = 0; run < runs; run += 1) {
    const began = performance.now();
    using journal = readJournal(folder);
    found = journal.history(query).length;
    times.push(performance.now() - began);
  }
  const longest = Math.max(...times).toFixed(1);
  say(name, `${middle(times).toFixed(1)} ms, ${longest} ms at most, for ${found} entries`);
}

function say(name: string, what: string): void {
  process.stdout.write(`${name.padEnd(16)}${what}\n`);
}
