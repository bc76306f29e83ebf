import fs from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { getConfig } from 'isomorphic-git';

/** The working tree in which a branch is checked out. */
export type CheckedOut =
  | { readonly kind: 'nowhere' }
  /** The working tree around the Git directory. */
  | { readonly kind: 'here'; readonly root: string }
  /** One that this cannot write: a linked working tree, or one that is configured to be elsewhere. */
  | { readonly kind: 'elsewhere'; readonly root: string };

/** Looks where a branch is checked out: whoever moves it must bring the files there along. */
export async function findCheckedOut(gitdir: string, branch: string): Promise<CheckedOut> {
  const wanted = `ref: refs/heads/${branch}`;
  const linked = join(gitdir, 'worktrees');
  for (const name of await readdir(linked).catch(() => [])) {
    if ((await textOf(join(linked, name, 'HEAD'))) !== wanted) continue;
    const dotGit = await textOf(join(linked, name, 'gitdir'));
    return { kind: 'elsewhere', root: dotGit === '' ? name : dirname(dotGit) };
  }
  const isBare: unknown = await getConfig({ fs, gitdir, path: 'core.bare' });
  if (isBare === true || isBare === 'true' || (await textOf(join(gitdir, 'HEAD'))) !== wanted) {
    return { kind: 'nowhere' };
  }
  const configured: unknown = await getConfig({ fs, gitdir, path: 'core.worktree' });
  if (typeof configured === 'string') return { kind: 'elsewhere', root: configured };
  return basename(gitdir) === '.git'
    ? { kind: 'here', root: dirname(gitdir) }
    : { kind: 'nowhere' };
}

async function textOf(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).trim();
}
