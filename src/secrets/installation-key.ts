import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { messageOf, StalledError } from '../model/errors.ts';
import type { JournalState } from '../model/journal-state.ts';
import { unseal, type InstallationKey } from '../model/sealed.ts';

const keyBytes = 32;

/**
 * The key of a state folder, made at its first use. The caller holds the lock of the folder. What the journal has sealed
 * must open with it: another key would replace every container with a secret, and could roll none of them back.
 *
 * @throws StalledError `KeyLost`, `KeyUnreadable`
 */
export function openInstallationKey(stateDir: string, journal: JournalState): InstallationKey {
  const file = keyFile(stateDir);
  const known = readKey(file);
  const sealed = firstSealed(journal);
  if (sealed !== null && (known === null || unseal(known, sealed) === null)) {
    const why = known === null ? 'is gone' : 'is another one';
    throw new StalledError(
      'KeyLost',
      `Cannot start: the journal holds secrets, and the key "${file}" that they were sealed with ${why}. Put it back from a backup of the state folder; or begin with an empty state folder, and every service that uses a secret is replaced once, in a rolling update`,
    );
  }
  return known ?? makeKey(file);
}

/** The key for a command that only looks. Before the first start of an operator nothing was sealed, and any will do. */
export function readInstallationKey(stateDir: string): InstallationKey {
  return readKey(keyFile(stateDir)) ?? randomBytes(keyBytes);
}

function keyFile(stateDir: string): string {
  return join(stateDir, 'secrets.key');
}

function readKey(file: string): InstallationKey | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw unreadable(file, messageOf(error), error);
  }
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  // It is just being made, or whoever made it was ended: nothing was sealed with it.
  if (text === '') return null;
  throw unreadable(file, 'it does not hold 64 hexadecimal digits');
}

/** It is on the disk before anything is sealed with it. */
function makeKey(file: string): InstallationKey {
  const key = randomBytes(keyBytes);
  rmSync(file, { force: true });
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeSync(handle, `${key.toString('hex')}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return key;
}

function unreadable(file: string, why: string, cause?: unknown): StalledError {
  const message = `Cannot read the key "${file}": ${why}. Put it back from a backup of the state folder`;
  return new StalledError('KeyUnreadable', message, { cause });
}

function firstSealed(journal: JournalState): string | null {
  for (const { lastKnownGood } of journal.applications.values()) {
    for (const { container } of lastKnownGood?.spec.services ?? []) {
      const mounted = (container.fileMounts ?? []).flatMap(({ files }) => files);
      const file = [...container.files, ...mounted].find(({ sealed }) => sealed === true);
      if (file !== undefined) return file.content;
    }
  }
  return null;
}
