import { randomBytes } from 'node:crypto';

import type Database from 'libsql';

import type { HistoryEntry } from '../model/history.ts';
import type { Matter, Notice, Subscription } from '../model/notice.ts';
import { wants, wantsEnd } from '../model/notice.ts';
import { commitStatusOf } from '../report/commit-status.ts';
import { dueReminders } from '../report/due-reminders.ts';
import type { Levels } from '../report/troubles.ts';
import type { Telling, TellState } from '../report/tell-notices.ts';
import { tellNotices } from '../report/tell-notices.ts';
import { journalFile, openDatabase } from './open-database.ts';
import { readAccepted, readFact, readRejected } from './sqlite-reader.ts';

/** A notice on its way to one receiver. */
export interface OutboxItem {
  readonly place: number;
  readonly notice: Notice;
}

/** What there is to tell beside the history. */
export interface Seen {
  /** Null: nothing was decided since. */
  readonly levels: Levels | null;
  readonly since: ReadonlyMap<string, number>;
  /** Name of the fleet; empty: not known. */
  readonly fleet: string;
  readonly now: number;
}

/** What is told of each journal, and how far it has been read. */
interface Memory extends TellState {
  /** The last entry of the history that was told. */
  readonly cursor: number;
  /** The last status that was set, as `commit state`. */
  readonly status: string;
}

const memoryFact = 'outbox';
/** A receiver that is gone for long hears of the newest. */
const mostItems = 500;
/** What is older is no news. */
export const longestWayMs = 24 * 3_600_000;
const entriesAtOnce = 500;

/**
 * What is on its way to receivers. It is derived from the history with a cursor that moves in the same transaction, so that
 * each edge is put in once, whenever the process ends. It has a connection of its own: who tells does not hold up who decides.
 */
export class Outbox implements Disposable {
  readonly #database: Database.Database;
  readonly #subscriptions: readonly Subscription[];

  private constructor(database: Database.Database, subscriptions: readonly Subscription[]) {
    this.#database = database;
    this.#subscriptions = subscriptions;
  }

  /** Opens that of a state folder, beside the journal. What waits for receivers that are not named any more is dropped. */
  static open(stateDir: string, subscriptions: readonly Subscription[]): Outbox {
    const outbox = new Outbox(openDatabase(journalFile(stateDir)), subscriptions);
    outbox.#transaction(() => outbox.#begin());
    return outbox;
  }

  /** Puts in what there is to tell. Gives whether that is anything. */
  take(seen: Seen): boolean {
    const memory = this.#memory();
    const entries = this.#entriesAfter(memory.cursor);
    const open = this.#matters();
    const told = tellNotices({
      entries: entries.map(({ entry }) => entry),
      levels: seen.levels,
      since: seen.since,
      isRefused: readRejected(this.#database) !== null,
      open,
      state: { ...memory, fleet: seen.fleet === '' ? memory.fleet : seen.fleet },
      now: seen.now,
    });
    const reminders = this.#subscriptions.flatMap((subscription) =>
      dueReminders(told.open, subscription, this.#reminded(subscription.name), seen.now),
    );
    const cursor = entries.at(-1)?.id ?? memory.cursor;
    const isSame =
      cursor === memory.cursor &&
      told.tellings.length + reminders.length === 0 &&
      told.state.fleet === memory.fleet &&
      told.state.converged === memory.converged &&
      told.open.size === open.size;
    if (isSame) return false;
    this.#transaction(() => {
      let { status } = memory;
      for (const telling of told.tellings) {
        status = this.#put(telling, status, seen.now);
      }
      for (const { receiver, matter, number, notice } of reminders) {
        this.#insert(receiver, notice);
        this.#run('INSERT OR REPLACE INTO reminders VALUES (?, ?, ?)', receiver, matter, number);
      }
      this.#writeMatters(told.open);
      this.#run(
        "DELETE FROM reminders WHERE matter NOT IN (SELECT json_extract(matters.matter, '$.id') FROM matters)",
      );
      this.#remember({ ...told.state, cursor, status });
    });
    return told.tellings.length + reminders.length > 0;
  }

  /** What is the next to reach a receiver; null: nothing. */
  first(receiver: string): OutboxItem | null {
    const [row] = this.#database
      .prepare('SELECT place, notice FROM outbox WHERE receiver = ? ORDER BY place LIMIT 1')
      .all(receiver) as readonly { readonly place: number; readonly notice: string }[];
    return row === undefined
      ? null
      : { place: row.place, notice: JSON.parse(row.notice) as Notice };
  }

  delivered(receiver: string, { place }: OutboxItem): void {
    this.#transaction(() => {
      this.#run('DELETE FROM outbox WHERE receiver = ? AND place = ?', receiver, place);
      this.#run("UPDATE receivers SET failing_since = NULL, reason = '' WHERE name = ?", receiver);
    });
  }

  /** A try came to nothing. */
  failed(receiver: string, reason: string, at: number): void {
    this.#run(
      'UPDATE receivers SET failing_since = coalesce(failing_since, ?), reason = ? WHERE name = ?',
      at,
      reason,
      receiver,
    );
  }

  /** It will not be tried again. */
  giveUp(receiver: string, { place }: OutboxItem): void {
    this.#transaction(() => {
      this.#run('DELETE FROM outbox WHERE receiver = ? AND place = ?', receiver, place);
      this.#run('UPDATE receivers SET given_up = given_up + 1 WHERE name = ?', receiver);
    });
  }

  /** The same for all that are from that time or before, in milliseconds since the epoch. Gives how many. */
  giveUpOlder(receiver: string, at: number): number {
    const where = "receiver = ? AND json_extract(notice, '$.at') <= ?";
    const [row] = this.#database
      .prepare(`SELECT count(*) AS old FROM outbox WHERE ${where}`)
      .all(receiver, at) as readonly { readonly old: number }[];
    const { old = 0 } = row ?? {};
    if (old === 0) return 0;
    this.#transaction(() => {
      this.#run(`DELETE FROM outbox WHERE ${where}`, receiver, at);
      this.#run('UPDATE receivers SET given_up = given_up + ? WHERE name = ?', old, receiver);
    });
    return old;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #begin(): void {
    const names = this.#subscriptions.map(({ name }) => name);
    const marks = names.map(() => '?').join(', ');
    for (const [table, column] of [
      ['receivers', 'name'],
      ['outbox', 'receiver'],
      ['reminders', 'receiver'],
    ] as const) {
      this.#run(`DELETE FROM ${table} WHERE ${column} NOT IN (${marks})`, ...names);
    }
    for (const name of names) {
      this.#run("INSERT OR IGNORE INTO receivers VALUES (?, NULL, '', 0)", name);
    }
    // Whoever begins to listen is not told what has been; nor is whoever has stopped for a while.
    if (names.length === 0) this.#run('DELETE FROM facts WHERE name = ?', memoryFact);
    if (names.length === 0) this.#run('DELETE FROM matters');
    else if (readFact(this.#database, memoryFact) === null) this.#remember(this.#firstMemory());
  }

  #firstMemory(): Memory {
    const [row] = this.#database
      .prepare('SELECT coalesce(max(id), 0) AS newest FROM history')
      .all() as readonly { readonly newest: number }[];
    return {
      id: randomBytes(8).toString('hex'),
      told: 0,
      fleet: '',
      converged: readAccepted(this.#database)?.commit ?? null,
      cursor: row?.newest ?? 0,
      status: '',
    };
  }

  #memory(): Memory {
    return (readFact(this.#database, memoryFact) as Memory | null) ?? this.#firstMemory();
  }

  #remember(memory: Memory): void {
    this.#run('INSERT OR REPLACE INTO facts VALUES (?, ?)', memoryFact, JSON.stringify(memory));
  }

  #entriesAfter(cursor: number): readonly { readonly id: number; readonly entry: HistoryEntry }[] {
    const rows = this.#database
      .prepare('SELECT id, entry FROM history WHERE id > ? AND is_step = 0 ORDER BY id LIMIT ?')
      .all(cursor, entriesAtOnce) as readonly { readonly id: number; readonly entry: string }[];
    return rows.map(({ id, entry }) => ({ id, entry: JSON.parse(entry) as HistoryEntry }));
  }

  #matters(): ReadonlyMap<string, Matter> {
    const rows = this.#database.prepare('SELECT key, matter FROM matters').all() as readonly {
      readonly key: string;
      readonly matter: string;
    }[];
    return new Map(rows.map(({ key, matter }) => [key, JSON.parse(matter) as Matter]));
  }

  #writeMatters(open: ReadonlyMap<string, Matter>): void {
    this.#run('DELETE FROM matters');
    for (const [key, matter] of open) {
      this.#run('INSERT INTO matters VALUES (?, ?)', key, JSON.stringify(matter));
    }
  }

  /** The numbers of the last reminders of a receiver, by the id that the matter began with. */
  #reminded(receiver: string): ReadonlyMap<string, number> {
    const rows = this.#database
      .prepare('SELECT matter, number FROM reminders WHERE receiver = ?')
      .all(receiver) as readonly { readonly matter: string; readonly number: number }[];
    return new Map(rows.map(({ matter, number }) => [matter, number]));
  }

  /** Gives the last status that is set then. */
  #put({ notice, ended }: Telling, status: string, now: number): string {
    if (now - notice.at > longestWayMs) return status;
    const set = commitStatusOf(notice);
    // The first failure is the one that is shown.
    const next = set === null ? status : `${set.commit} ${set.state}`;
    for (const subscription of this.#subscriptions) {
      const isWanted = subscription.isStatus
        ? next !== status
        : wants(subscription, notice) || (ended !== null && wantsEnd(subscription, ended));
      if (isWanted) this.#insert(subscription.name, notice);
    }
    return next;
  }

  #insert(receiver: string, notice: Notice): void {
    this.#run(
      `INSERT INTO outbox SELECT ?, coalesce(max(place), 0) + 1, ? FROM outbox`,
      receiver,
      JSON.stringify(notice),
    );
    const [over] = this.#database
      .prepare('SELECT place FROM outbox WHERE receiver = ? ORDER BY place DESC LIMIT 1 OFFSET ?')
      .all(receiver, mostItems) as readonly { readonly place: number }[];
    if (over === undefined) return;
    this.#run('DELETE FROM outbox WHERE receiver = ? AND place <= ?', receiver, over.place);
    this.#run('UPDATE receivers SET given_up = given_up + 1 WHERE name = ?', receiver);
  }

  #run(query: string, ...values: readonly (string | number)[]): void {
    this.#database.prepare(query).run(...values);
  }

  #transaction(work: () => void): void {
    this.#database.transaction(work).immediate();
  }
}
