import Database from 'libsql';

import type { Journal } from '../../src/journal/journal.ts';
import { defaultHistoryBudget } from '../../src/journal/history-book.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { appendRequest } from '../../src/journal/request-rows.ts';
import { createTables } from '../../src/journal/tables.ts';
import { toHostName } from '../../src/model/names.ts';
import type { HostRequestKind } from '../../src/model/request.ts';
import type { Process } from './process.ts';
import { Killed } from './process.ts';

/** The disk with the journal: a database in memory that outlives the processes that use it. */
export class JournalStore implements Disposable {
  readonly #now: () => number;
  #database = emptyDatabase();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Opens the journal for one process. Once that is killed, nothing it does reaches the database any more.
   *
   * @param onCommit called after each transaction, before the process goes on; the process may be killed in it
   */
  open(process: Process, onCommit: () => void): Journal {
    const database = this.#database;
    const guarded = {
      prepare: (query: string) => {
        if (!process.isAlive) throw new Killed();
        return database.prepare(query);
      },
      transaction: (work: (...parts: unknown[]) => unknown) => {
        const transact = (...parts: unknown[]): unknown => {
          if (!process.isAlive) throw new Killed();
          const result: unknown = database.transaction(work)(...parts);
          onCommit();
          if (!process.isAlive) throw new Killed();
          return result;
        };
        return Object.assign(transact, { immediate: transact });
      },
      close: () => {},
    };
    const lock = { [Symbol.dispose]: () => {} };
    const options = { now: this.#now, budget: defaultHistoryBudget, begunBecause: '' };
    return new SqliteJournal(guarded as unknown as Database.Database, lock, options);
  }

  /** Somebody asks for something about a host, whether an operator runs or not. */
  ask(kind: HostRequestKind, host: string, at: number): void {
    const request = { kind, application: '', host: toHostName(host), by: 'ada', at };
    appendRequest(this.#database, request);
  }

  /** The disk is gone, and another one is in its place. */
  lose(): void {
    this.#database.close();
    this.#database = emptyDatabase();
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function emptyDatabase(): Database.Database {
  const database = new Database(':memory:');
  createTables(database);
  return database;
}
