import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { messageOf, StalledError, TransientError } from '../model/errors.ts';
import type { NewCommit } from './commit-change.ts';
import { gitObject } from './git-object.ts';
import type { IndexEntry } from './index-file.ts';
import { formatIndex, indexEntry, parseIndex } from './index-file.ts';
import { lockFile } from './lock-file.ts';
import { giveToOwner } from './loose-object.ts';
import type { ObjectStore } from './object-store.ts';
import { descend } from './walk-tree.ts';

/** A file that a commit changes, as it is now. */
interface ChangedFile {
  readonly path: string;
  readonly file: string;
  /** Null to remove it. */
  readonly wanted: string | null;
  readonly entry: IndexEntry | undefined;
  /** Beside it, what is to take its place; null to remove it. */
  staged: string | null;
}

/**
 * Brings a working tree and its index to a commit that is about to become the head of the branch that is checked out there,
 * as `git pull` does: only the files that the commit changes are touched, and only when nobody has changed them.
 *
 * @throws StalledError `CheckedOut` when one of them was changed; TransientError `RepositoryLocked`
 */
export async function updateWorktree(
  store: ObjectStore,
  root: string,
  gitdir: string,
  commit: NewCommit,
): Promise<void> {
  const indexPath = join(gitdir, 'index');
  await using lock = await lockFile(indexPath, Date.now());
  if (lock === null) {
    throw new TransientError(
      'RepositoryLocked',
      `Cannot update the working tree "${root}": another Git command is at work there`,
    );
  }
  const entries = await readIndex(indexPath, root);
  const changed: ChangedFile[] = [];
  for (const [path, wanted] of commit.edits) {
    const before = await descend(store, (await store.commit(commit.parent)).tree, path);
    if ((before?.oid ?? null) === wanted) continue;
    const own = entries.filter((entry) => entry.path === path);
    const isClean = await isUnchanged(root, path, before?.oid ?? null, own);
    if (!isClean) throw dirty(root, path);
    changed.push({ path, file: join(root, path), wanted, entry: own[0], staged: null });
  }
  try {
    for (const each of changed) await stage(store, each);
    for (const each of changed) await put(root, each);
  } finally {
    for (const { staged } of changed) if (staged !== null) await rm(staged, { force: true });
  }
  const touched = new Set(changed.map(({ path }) => path));
  const kept = entries.filter(({ path }) => !touched.has(path));
  const fresh: IndexEntry[] = [];
  for (const { path, file, wanted, entry } of changed) {
    if (wanted === null) continue;
    const facts = await lstat(file, { bigint: true });
    fresh.push(indexEntry(path, entry?.mode ?? 0o100644, wanted, facts));
  }
  await lock.commit(formatIndex([...kept, ...fresh]));
}

async function readIndex(file: string, root: string): Promise<readonly IndexEntry[]> {
  try {
    return parseIndex(await readFile(file));
  } catch (error) {
    throw new StalledError(
      'CheckedOut',
      `Cannot update the working tree "${root}": ${messageOf(error)}. Follow a bare repository instead, or make the commit there by hand`,
      { cause: error },
    );
  }
}

/** Whether a file is as the head has it, both in the index and on disk. */
async function isUnchanged(
  root: string,
  path: string,
  oid: string | null,
  entries: readonly IndexEntry[],
): Promise<boolean> {
  const [entry, more] = entries;
  const isIndexed = (entry?.oid ?? null) === oid;
  if (!isIndexed || more !== undefined || entry?.isSpecial === true) return false;
  if (entry !== undefined && (entry.stage !== 0 || (entry.mode & 0o170000) !== 0o100000)) {
    return false;
  }
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const found = await lstat(join(root, folder)).catch(() => null);
    if (found !== null && !found.isDirectory()) return false;
  }
  const found = await lstat(join(root, path)).catch(() => null);
  if (oid === null || found === null) return oid === null && found === null;
  return found.isFile() && gitObject('blob', await readFile(join(root, path))).oid === oid;
}

/** Writes what is to take a file's place beside it: whatever can fail fails before the first file is replaced. */
async function stage(store: ObjectStore, change: ChangedFile): Promise<void> {
  const { file, wanted, entry } = change;
  if (wanted === null) return;
  const made = await mkdir(dirname(file), { recursive: true });
  if (made !== undefined) await giveToOwner(made);
  const staged = join(dirname(file), `.fleetwright-${randomUUID()}`);
  change.staged = staged;
  await writeFile(staged, await store.blob(wanted), { flag: 'wx' });
  if (entry !== undefined) await chmod(staged, (await lstat(file)).mode & 0o777);
  await giveToOwner(staged);
}

async function put(root: string, { file, staged }: ChangedFile): Promise<void> {
  if (staged !== null) return rename(staged, file);
  await rm(file, { force: true });
  for (let folder = dirname(file); folder !== root; folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
  }
}

function dirty(root: string, path: string): StalledError {
  return new StalledError(
    'CheckedOut',
    `Cannot update the working tree "${root}": "${path}" has changes there that are not committed, and the commit changes it. Commit or stash them (git stash), or follow a bare repository`,
  );
}
