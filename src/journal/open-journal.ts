import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'libsql';
import type { Logger } from 'pino';

import { messageOf } from '../model/errors.ts';
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
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const lock = lockState(stateDir);
  const file = join(stateDir, fileName);
  try {
    return new SqliteJournal(openDatabase(file), lock);
  } catch (error) {
    logger.warn({ file, reason: messageOf(error) }, 'journal cannot be read: it is begun anew');
    setAside(file);
    return new SqliteJournal(openDatabase(file), lock);
  }
}

/** Opens the journal for reading, beside a daemon that writes it. Without a journal there is nothing remembered. */
export function readJournal(stateDir: string): JournalReader {
  const file = join(stateDir, fileName);
  if (!existsSync(file)) return noJournal;
  const database = new Database(file, { readonly: true });
  return {
    state: () => readState(database),
    accepted: () => readAccepted(database),
    rejected: () => readRejected(database),
    drift: (since) => readDrift(database, since),
    [Symbol.dispose]: () => database.close(),
  };
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
  // Write-ahead logging lets commands read beside the daemon; FULL makes a returned write survive a power loss.
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  createTables(database);
  const version = readFact(database, 'version');
  if (version !== null && version !== tablesVersion) {
    database.close();
    throw new Error(
      `it has version ${JSON.stringify(version)}, this release writes version ${tablesVersion}`,
    );
  }
  database
    .prepare("INSERT OR REPLACE INTO facts (name, value) VALUES ('version', ?)")
    .run(String(tablesVersion));
  // A damaged page shows when it is read.
  readState(database);
  return database;
}

function setAside(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.unreadable${suffix}`);
  }
}
