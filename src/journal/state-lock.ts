import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'libsql';

import { StalledError } from '../model/errors.ts';

/**
 * Makes this process the only writer of a state folder. The lock is an open exclusive transaction: the kernel gives it
 * back however the process ends, so there is no stale lock to clean up after a crash.
 *
 * @throws StalledError `StateLocked` when another process has it
 */
export function lockState(stateDir: string): Disposable {
  const database = new Database(join(stateDir, 'lock.db'));
  const holderFile = join(stateDir, 'lock.pid');
  try {
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

function readHolder(file: string): string {
  try {
    return ` (pid ${readFileSync(file, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
