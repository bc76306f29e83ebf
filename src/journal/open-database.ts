import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'libsql';

import { messageOf, UsageError } from '../model/errors.ts';
import { readFact, readState } from './sqlite-reader.ts';
import { createTables, tablesVersion } from './tables.ts';

export function journalFile(stateDir: string): string {
  return join(stateDir, 'journal.db');
}

/** @throws UsageError when there can be no such folder */
export function makeStateFolder(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const message = `Cannot use "${stateDir}" as the state folder: ${messageOf(error)}`;
    throw new UsageError(message, { cause: error });
  }
}

class ForeignJournal extends Error {}

/** It is damaged or of another release; a lock, a full disk or a missing right says nothing about what it holds. */
export function isUnreadable(error: unknown): boolean {
  if (error instanceof ForeignJournal || error instanceof SyntaxError) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // A short read: the file ends before the page that its header promises.
  const signs = ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR_SHORT_READ'];
  return signs.some((sign) => code.startsWith(sign));
}

/** Opens the file of a journal for writing and makes its tables when they are not there. */
export function openDatabase(file: string): Database.Database {
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
