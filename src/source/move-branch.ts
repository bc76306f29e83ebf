import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { StalledError } from '../model/errors.ts';
import { lockFile } from './lock-file.ts';

export interface BranchMove {
  readonly gitdir: string;
  readonly branch: string;
  /** Undefined to make the branch. */
  readonly from: string | undefined;
  readonly to: string;
  /** What reads the branch as it is; undefined when it is not there. */
  readonly read: () => Promise<string | undefined>;
  /** What must be done while nobody else can move the branch, before it is moved. */
  readonly before: () => Promise<void>;
  /** For the reflog: `Name <address>` and one line that says why. */
  readonly author: string;
  readonly subject: string;
  readonly now: number;
}

/** In place of a commit that is not there. */
export const noCommit = '0'.repeat(40);

/**
 * Moves a branch if it still is at `from`, under the lock that Git itself takes.
 *
 * @returns false when it is not there any more, or somebody else is moving it
 * @throws StalledError `UnsupportedRepository` for a branch that is only another name of a branch
 */
export async function moveBranch(move: BranchMove): Promise<boolean> {
  const { gitdir, branch, from, to, read, before, now } = move;
  const file = join(gitdir, 'refs', 'heads', branch);
  await refuseSymref(file, branch);
  await using lock = await lockFile(file, now);
  if (lock === null || (await read()) !== from) return false;
  await before();
  await lock.commit(`${to}\n`);
  await noteMove(move);
  return true;
}

async function refuseSymref(file: string, branch: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (!text.startsWith('ref:')) return;
  throw new StalledError(
    'UnsupportedRepository',
    `Cannot commit to branch "${branch}": it is another name of ${text.slice(4).trim()}. Follow that branch`,
  );
}

/** Writes into the reflogs that are kept: a person who looks for what moved the branch looks there first. */
async function noteMove(move: BranchMove): Promise<void> {
  const { gitdir, branch, from, to, author, subject, now } = move;
  const line = `${from ?? noCommit} ${to} ${author} ${Math.floor(now / 1000)} +0000\tfleetwright: ${subject}\n`;
  const head = await readFile(join(gitdir, 'HEAD'), 'utf8').catch(() => '');
  const isCheckedOut = head.trim() === `ref: refs/heads/${branch}`;
  for (const name of [`refs/heads/${branch}`, ...(isCheckedOut ? ['HEAD'] : [])]) {
    const log = join(gitdir, 'logs', name);
    const isKept = await stat(log).then(
      () => true,
      () => false,
    );
    if (isKept) await appendFile(log, line);
  }
}
