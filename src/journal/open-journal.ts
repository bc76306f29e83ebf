import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'libsql';
import type { Logger } from 'pino';

import { messageOf, TransientError, UsageError } from '../model/errors.ts';
import { emptyJournal } from '../model/journal-state.ts';
import type { Journal, JournalReader } from './journal.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import { readAccepted, readDrift, readFact, readRejected, readState } from './sqlite-reader.ts';
import { lockState } from './state-lock.ts';
import { createTables, tablesVersion } from './tables.ts';

const fileName = 'journal.db';

/**
 * Opens the journal of a state folder for writing and makes this process its only writer. A file that cannot be read is
 * set aside and a new one begun: what it held is learnt anew from Git and the hosts.
 *
 * @throws StalledError `StateLocked`
 */
export function openJournal(stateDir: string, logger: Logger): Journal {
  makeFolder(stateDir);
  const lock = lockState(stateDir);
  const file = join(stateDir, fileName);
  try {
    return new SqliteJournal(openDatabase(file), lock);
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
    setAside(file);
    return new SqliteJournal(openDatabase(file), lock);
  }
}

function makeFolder(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const message = `Cannot use "${stateDir}" as the state folder: ${messageOf(error)}`;
    throw new UsageError(message, { cause: error });
  }
}

/** It is damaged or of another release; a lock, a full disk or a missing right says nothing about what it holds. */
function isUnreadable(error: unknown): boolean {
  if (error instanceof ForeignJournal || error instanceof SyntaxError) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB');
}

class ForeignJournal extends Error {}

/** Opens the journal for reading, beside a daemon that writes it. Without a journal there is nothing remembered. */
export function readJournal(stateDir: string): JournalReader {
  const file = join(stateDir, fileName);
  if (!existsSync(file)) return noJournal;
  const database = openReadOnly(file);
  if (database === null) return noJournal;
  return {
    state: () => readState(database),
    accepted: () => readAccepted(database),
    rejected: () => readRejected(database),
    drift: (since) => readDrift(database, since),
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
  [Symbol.dispose]: () => undefined,
};

function openDatabase(file: string): Database.Database {
  const database = new Database(file);
  try {
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: Database.Database): void {
  database.exec('PRAGMA busy_timeout = 5000');
  // Write-ahead logging lets commands read beside the daemon; FULL makes a returned write survive a power loss.
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  createTables(database);
  const version = readFact(database, 'version');
  if (version !== null && version !== tablesVersion) {
    throw new ForeignJournal(
      `it has version ${JSON.stringify(version)}, this release writes version ${tablesVersion}`,
    );
  }
  database
    .prepare("INSERT OR REPLACE INTO facts (name, value) VALUES ('version', ?)")
    .run(String(tablesVersion));
  // A damaged page shows when it is read.
  readState(database);
}

function setAside(file: string): void {
  const aside = `${file}.unreadable-${new Date().toISOString().replaceAll(':', '')}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, `${aside}${suffix}`);
  }
}
