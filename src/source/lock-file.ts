import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { TransientError } from '../model/errors.ts';
import { syncPath } from './durable-files.ts';
import { giveToOwner } from './loose-object.ts';

/** A file of a repository that only we may change now, by the protocol that Git itself keeps to: `FILE.lock` beside it. */
export interface LockFile extends AsyncDisposable {
  /** Puts the bytes in the file's place, whole and on the disk, and gives the lock up. */
  commit(bytes: string | Uint8Array): Promise<void>;
}

/**
 * Locks a file. Without `commit` nothing is changed.
 *
 * @returns null when somebody else is changing it
 * @throws TransientError `RepositoryLocked` when that seems to have been going on for too long
 */
export async function lockFile(file: string, now: number): Promise<LockFile | null> {
  const lock = `${file}.lock`;
  await mkdir(dirname(file), { recursive: true });
  const handle = await openLock(lock);
  if (handle === null) {
    const age =
      now -
      (await stat(lock).then(
        ({ mtimeMs }) => mtimeMs,
        () => now,
      ));
    if (age < staleMs) return null;
    throw new TransientError(
      'RepositoryLocked',
      `Cannot change "${file}": "${lock}" has been there for ${Math.round(age / 1000)} s. If no Git command is running, remove it`,
    );
  }
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await handle.close();
    isOpen = false;
  };
  let isDone = false;
  return {
    async commit(bytes) {
      await handle.writeFile(bytes);
      await handle.sync();
      await close();
      await giveToOwner(lock);
      await rename(lock, file);
      isDone = true;
      await syncPath(dirname(file));
    },
    async [Symbol.asyncDispose]() {
      await close();
      if (!isDone) await rm(lock, { force: true });
    },
  };
}

/** A lock that is older was left behind by a process that was killed. */
const staleMs = 60_000;

async function openLock(lock: string): Promise<FileHandle | null> {
  try {
    return await open(lock, 'wx', 0o644);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
    throw error;
  }
}
