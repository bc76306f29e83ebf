import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'libsql';

import { StalledError } from '../model/errors.ts';

const lockFile = 'lock.db';

/** Longer than a look of `isStateLocked` takes. */
const patienceMs = 250;

/**
 * Makes this process the only writer of a state folder. The lock is an open exclusive transaction: the kernel gives it
 * back however the process ends, so there is no stale lock to clean up after a crash.
 *
 * @throws StalledError `StateLocked` when another process has it
 */
export function lockState(stateDir: string): Disposable {
  const database = new Database(join(stateDir, lockFile));
  const holderFile = join(stateDir, 'lock.pid');
  try {
    database.exec(`PRAGMA busy_timeout = ${patienceMs}`);
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    const holder = readHolder(holderFile);
    const message = `Cannot lock the state folder "${stateDir}": another fleetwright${holder} is using it; stop that one, or give this one a --state of its own`;
    throw new StalledError('StateLocked', message, { cause: error });
  }
  writeFileSync(holderFile, `${process.pid}\n`);
  return {
    [Symbol.dispose]: () => {
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

/**
 * Whether some process is the writer of a state folder now. Reading is what an exclusive transaction keeps others from; it
 * holds a shared lock for less than a millisecond, and whoever takes the lock meanwhile is more patient than that.
 */
export function isStateLocked(stateDir: string): boolean {
  const file = join(stateDir, lockFile);
  if (!existsSync(file)) return false;
  const database = new Database(file, { readonly: true });
  try {
    database.prepare('SELECT 1 FROM sqlite_master LIMIT 1').all();
    return false;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return true;
    throw error;
  } finally {
    database.close();
  }
}

function readHolder(file: string): string {
  try {
    return ` (pid ${readFileSync(file, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
