import { link, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { StalledError } from '../model/errors.ts';

/** A process, by its id and by when it started: after a reboot or in a container another process has the same id. */
interface Owner {
  readonly pid: number;
  /** Clock ticks since boot; 0 where that cannot be told. */
  readonly startedAt: number;
}

/**
 * Takes possession of a mirror's folder, because isomorphic-git's own locks end at the process. The lock of a process that
 * is gone is taken over.
 *
 * @throws StalledError `MirrorInUse` when a living process has it
 */
export async function lockMirror(folder: string): Promise<AsyncDisposable> {
  const file = join(folder, 'lock');
  const own = join(folder, `lock.${process.pid}`);
  const text = JSON.stringify({ pid: process.pid, startedAt: await startOf(process.pid) });
  await writeFile(own, text);
  try {
    if (!(await tryLink(own, file))) {
      await removeStale(folder, file);
      if (!(await tryLink(own, file))) throw inUse(folder, 'another process');
    }
  } finally {
    await rm(own, { force: true });
  }
  return {
    async [Symbol.asyncDispose]() {
      if ((await textOf(file)) === text) await unlink(file);
    },
  };
}

/** A link is made by one process only, and the lock is never seen half written. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a stale lock aside first, and puts it back if meanwhile it had become somebody's. */
async function removeStale(folder: string, file: string): Promise<void> {
  const found = await textOf(file);
  const owner = parseOwner(found);
  if (owner !== undefined && (await isAlive(owner))) throw inUse(folder, `process ${owner.pid}`);
  const aside = join(folder, `lock.stale.${process.pid}`);
  await rename(file, aside).catch(() => {});
  if ((await textOf(aside)) !== found) {
    await tryLink(aside, file);
    throw inUse(folder, 'another process');
  }
  await rm(aside, { force: true });
}

function parseOwner(text: string): Owner | undefined {
  const match = /^\{"pid":(\d+),"startedAt":(\d+)\}$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), startedAt: Number(match[2]) };
}

async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  return owner.startedAt === (await startOf(owner.pid));
}

/** Field 22 of proc(5); the name in field 2 may hold spaces and parentheses. */
async function startOf(pid: number): Promise<number> {
  const stat = await textOf(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 0);
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

function inUse(folder: string, owner: string): StalledError {
  return new StalledError(
    'MirrorInUse',
    `Cannot use the mirror "${folder}": ${owner} uses it. Stop that one, or give this one a state folder of its own`,
  );
}
