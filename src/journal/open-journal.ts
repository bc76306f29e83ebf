import { existsSync, renameSync } from 'node:fs';
import { basename } from 'node:path';

import Database from 'libsql';
import type { Logger } from 'pino';

import { messageOf, TransientError } from '../model/errors.ts';
import { emptyJournal } from '../model/journal-state.ts';
import type { Journal, JournalReader } from './journal.ts';
import { defaultHistoryBudget } from './history-book.ts';
import { readHistory } from './history-rows.ts';
import { readReceivers } from './receiver-rows.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import { isUnreadable, journalFile, makeStateFolder, openDatabase } from './open-database.ts';
import { readAccepted, readDrift, readRejected, readState } from './sqlite-reader.ts';
import { lockState } from './state-lock.ts';

/**
 * Opens the journal of a state folder for writing and makes this process its only writer. A file that cannot be read is
 * set aside and a new one begun: what it held is learnt anew from Git and the hosts.
 *
 * @param historyBudget bytes that the history may take
 * @throws StalledError `StateLocked`
 */
export function openJournal(
  stateDir: string,
  logger: Logger,
  historyBudget = defaultHistoryBudget,
): Journal {
  const options = { now: () => Date.now(), budget: historyBudget, begunBecause: '' };
  makeStateFolder(stateDir);
  const lock = lockState(stateDir);
  const file = journalFile(stateDir);
  try {
    return new SqliteJournal(openDatabase(file), lock, options);
  } catch (error) {
    if (!isUnreadable(error)) {
      lock[Symbol.dispose]();
      throw new TransientError(
        'JournalUnavailable',
        `Cannot open the journal "${file}": ${messageOf(error)}`,
        { cause: error },
      );
    }
    logger.warn({ file, reason: messageOf(error) }, 'journal cannot be read: it is begun anew');
    const aside = setAside(file);
    const begunBecause = `the journal before could not be read and was set aside as ${aside}`;
    return new SqliteJournal(openDatabase(file), lock, { ...options, begunBecause });
  }
}

/** Opens the journal for reading, beside a daemon that writes it. Without a journal there is nothing remembered. */
export function readJournal(stateDir: string): JournalReader {
  const file = journalFile(stateDir);
  if (!existsSync(file)) return noJournal;
  const database = openReadOnly(file);
  if (database === null) return noJournal;
  return {
    state: () => readState(database),
    accepted: () => readAccepted(database),
    rejected: () => readRejected(database),
    drift: (since) => readDrift(database, since),
    receivers: () => readReceivers(database),
    history: (query) => readHistory(database, query),
    [Symbol.dispose]: () => database.close(),
  };
}

/** Null for a file that is no journal (yet): the daemon sets it aside when it starts. */
function openReadOnly(file: string): Database.Database | null {
  const database = new Database(file, { readonly: true });
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    readState(database);
    return database;
  } catch {
    database.close();
    return null;
  }
}

const noJournal: JournalReader = {
  state: () => emptyJournal,
  accepted: () => null,
  rejected: () => null,
  drift: () => [],
  receivers: () => [],
  history: () => [],
  [Symbol.dispose]: () => undefined,
};

/** Gives the name that the file has from now on. */
function setAside(file: string): string {
  const aside = `${file}.unreadable-${new Date().toISOString().replaceAll(':', '')}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, `${aside}${suffix}`);
  }
  return basename(aside);
}
