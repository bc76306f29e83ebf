import { isDeepStrictEqual } from 'node:util';

import type Database from 'libsql';

import { acceptEntries } from '../model/accept-entries.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { DriftItem } from '../model/drift.ts';
import { driftKey } from '../model/drift.ts';
import type { HostName } from '../model/names.ts';
import { reduceJournal } from '../model/journal-reduce.ts';
import type { JournalEntry, JournalState } from '../model/journal-state.ts';
import type { RejectedRevision } from '../model/rejected-revision.ts';
import type { OperatorRequest } from '../model/request.ts';
import type { Revision } from '../model/revision.ts';
import type { Step, StepOutcome } from '../model/step.ts';
import type { DriftRecord, Journal } from './journal.ts';
import { HistoryBook, type HistoryOptions } from './history-book.ts';
import { readHistory, type HistoryQuery, type KeptEntry } from './history-rows.ts';
import { readReceivers, type ReceiverStanding } from './receiver-rows.ts';
import { readRequests } from './request-rows.ts';
import { readAccepted, readDrift, readRejected, readState } from './sqlite-reader.ts';
import { keptEvents } from './tables.ts';

export interface JournalOptions extends HistoryOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The journal on disk, with its state kept in memory as it was last written. */
export class SqliteJournal implements Journal {
  readonly #database: Database.Database;
  readonly #lock: Disposable;
  readonly #readRequests: () => readonly OperatorRequest[];
  #state: JournalState;
  #openDrift: ReadonlyMap<string, string>;
  readonly #statements = new Map<string, Database.Statement>();
  readonly #history: HistoryBook;
  readonly #now: () => number;

  constructor(database: Database.Database, lock: Disposable, options: JournalOptions) {
    this.#database = database;
    this.#lock = lock;
    this.#readRequests = readRequests(database);
    this.#now = options.now;
    this.#history = new HistoryBook({
      ...options,
      database,
      prepare: (query) => this.#statement(query),
      requests: this.#readRequests,
    });
    this.#state = readState(database);
    const open = readDrift(database, Number.MAX_SAFE_INTEGER);
    this.#openDrift = new Map(open.map(({ item }) => [driftKey(item), JSON.stringify(item)]));
  }

  state(): JournalState {
    return this.#state;
  }

  accepted(): Revision | null {
    return readAccepted(this.#database);
  }

  rejected(): RejectedRevision | null {
    return readRejected(this.#database);
  }

  drift(since: number): readonly DriftRecord[] {
    return readDrift(this.#database, since);
  }

  receivers(): readonly ReceiverStanding[] {
    return readReceivers(this.#database);
  }

  history(query: HistoryQuery): readonly KeptEntry[] {
    return readHistory(this.#database, query);
  }

  requests(): readonly OperatorRequest[] {
    return this.#readRequests();
  }

  write(entries: readonly JournalEntry[], at: number): void {
    if (entries.length === 0) return;
    const next = entries.reduce(reduceJournal, this.#state);
    this.#transaction(() => {
      this.#writeState(next);
      this.#history.written(entries, this.#state, at);
      for (const entry of entries) {
        this.#event(at, entry.kind, applicationOf(entry), entry);
        if (entry.kind === 'request-answered') this.#removeRequest(entry.request);
      }
    });
    this.#state = next;
  }

  accept(revision: Revision, applications: readonly string[]): void {
    const entries = acceptEntries(this.#state, revision.commit, applications);
    const next = entries.reduce(reduceJournal, this.#state);
    const isNew = readAccepted(this.#database)?.commit !== revision.commit;
    this.#transaction(() => {
      this.#writeState(next);
      this.#history.accepted(revision, entries, this.#state, this.#now());
      this.#fact('accepted', revision);
      this.#fact('rejected', null);
      if (isNew) this.#event(revision.date, 'accepted', '', revision);
    });
    this.#state = next;
  }

  reject(revision: Revision, diagnostics: readonly Diagnostic[]): void {
    const known = readRejected(this.#database);
    const isKnown = known?.revision.commit === revision.commit;
    if (isKnown && JSON.stringify(known.diagnostics) === JSON.stringify(diagnostics)) return;
    this.#transaction(() => {
      this.#fact('rejected', { revision, diagnostics });
      this.#event(revision.date, 'rejected', '', { revision, diagnostics });
      this.#history.rejected(revision, diagnostics, this.#now());
    });
  }

  recordDrift(items: readonly DriftItem[], visible: ReadonlySet<HostName>, at: number): void {
    const before = this.#openDrift;
    const unseen = [...before].filter(([, text]) => !visible.has(hostOf(text)));
    const now = new Map(items.map((item) => [driftKey(item), JSON.stringify(item)]));
    for (const [key, text] of now) {
      const known = before.get(key);
      if (known !== undefined && known !== text) now.set(key, withFirstCause(text, known));
    }
    for (const [key, text] of unseen) if (!now.has(key)) now.set(key, text);
    const isSame =
      now.size === before.size && [...now].every(([key, text]) => before.get(key) === text);
    if (isSame) return;
    this.#transaction(() => {
      for (const [key, text] of now) {
        if (before.get(key) !== text) this.#upsertDrift(key, text, at, before.has(key));
      }
      for (const key of before.keys()) if (!now.has(key)) this.#resolveDrift(key, at);
      this.#statement('DELETE FROM drift WHERE resolved_at IS NOT NULL AND resolved_at < ?').run(
        at - keptDriftMs,
      );
    });
    this.#openDrift = now;
  }

  recordLoads(loads: JournalState['loads']): void {
    if (isDeepStrictEqual(loads, this.#state.loads)) return;
    this.#transaction(() => this.#fact('loads', [...loads]));
    this.#state = { ...this.#state, loads };
  }

  recordAnalyses(analyses: JournalState['analyses']): void {
    if (isDeepStrictEqual(analyses, this.#state.analyses)) return;
    const kept = [...analyses].map(([key, { target, queries }]) => {
      return [key, { target, queries: [...queries] }];
    });
    this.#transaction(() => this.#fact('analyses', kept));
    this.#state = { ...this.#state, analyses };
  }

  recordStep(step: Step, outcome: StepOutcome, startedAt: number, endedAt: number): void {
    this.#transaction(() => this.#history.step(step, outcome, startedAt, endedAt));
  }

  [Symbol.dispose](): void {
    this.#database.close();
    this.#lock[Symbol.dispose]();
  }

  #upsertDrift(key: string, text: string, at: number, isOpen: boolean): void {
    const beganAt = (JSON.parse(text) as DriftItem).cause?.at ?? at;
    if (isOpen) {
      this.#statement(
        'UPDATE drift SET item = ?, last_seen = ?, first_seen = min(first_seen, ?) WHERE item_key = ?',
      ).run(text, at, beganAt, key);
      return;
    }
    this.#statement(
      'INSERT OR REPLACE INTO drift (item_key, item, first_seen, last_seen, resolved_at) VALUES (?, ?, ?, ?, NULL)',
    ).run(key, text, Math.min(beganAt, at), at);
  }

  #resolveDrift(key: string, at: number): void {
    this.#statement('UPDATE drift SET resolved_at = ?, last_seen = ? WHERE item_key = ?').run(
      at,
      at,
      key,
    );
  }

  /** Writes the rows whose objects are not those of the state before. */
  #writeState(next: JournalState): void {
    this.#writeRows('applications', 'name', this.#state.applications, next.applications);
    this.#writeRows('slots', 'slot', this.#state.slots, next.slots);
    this.#writeRows('instances', 'container', this.#state.instances, next.instances);
    if (next.hosts !== this.#state.hosts) this.#fact('hosts', [...next.hosts]);
    if (next.images !== this.#state.images) this.#fact('images', [...next.images]);
  }

  #writeRows(
    table: 'applications' | 'slots' | 'instances',
    column: string,
    before: ReadonlyMap<string, unknown>,
    after: ReadonlyMap<string, unknown>,
  ): void {
    if (before === after) return;
    const insert = this.#statement(
      `INSERT OR REPLACE INTO ${table} (${column}, record) VALUES (?, ?)`,
    );
    const remove = this.#statement(`DELETE FROM ${table} WHERE ${column} = ?`);
    for (const [key, record] of after) {
      if (before.get(key) !== record) insert.run(key, JSON.stringify(record));
    }
    for (const key of before.keys()) if (!after.has(key)) remove.run(key);
  }

  #removeRequest(id: number): void {
    this.#statement('DELETE FROM request_moves WHERE request = ?').run(id);
    this.#statement('DELETE FROM requests WHERE id = ?').run(id);
  }

  #fact(name: string, value: unknown): void {
    this.#statement('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)').run(
      name,
      JSON.stringify(value),
    );
  }

  #event(at: number, kind: string, application: string, data: unknown): void {
    const { lastInsertRowid } = this.#statement(
      'INSERT INTO events (at, kind, application, data) VALUES (?, ?, ?, ?)',
    ).run(at, kind, application, JSON.stringify(data));
    const oldest = Number(lastInsertRowid) - keptEvents;
    if (oldest > 0 && oldest % 100 === 0) {
      this.#statement('DELETE FROM events WHERE id <= ?').run(oldest);
    }
  }

  /** A prepared statement: each is prepared once, since a pass that changes something runs a dozen of them. */
  #statement(query: string): Database.Statement {
    const known = this.#statements.get(query);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(query);
    this.#statements.set(query, statement);
    return statement;
  }

  /** The right to write is taken at once: commands append to the file too, and a right taken late is not waited for. */
  #transaction(work: () => void): void {
    this.#database.transaction(work).immediate();
  }
}

/** Empty: it is about a host. */
function applicationOf(entry: JournalEntry): string {
  if ('application' in entry) return entry.application;
  return 'slot' in entry ? (entry.slot.split('/')[0] ?? '') : '';
}

/**
 * What is known to have made a difference did so, whatever happens to the same thing later, and whether or not the engine
 * still remembers it. Of one moment the newer words are the better ones: they were put together from more events.
 */
function withFirstCause(text: string, known: string): string {
  const item = JSON.parse(text) as DriftItem;
  const { cause } = JSON.parse(known) as DriftItem;
  if (cause === undefined || cause.at === item.cause?.at) return text;
  return JSON.stringify({ ...item, cause });
}

function hostOf(item: string): HostName {
  return (JSON.parse(item) as DriftItem).host;
}

const keptDriftMs = 30 * 24 * 3_600_000;
