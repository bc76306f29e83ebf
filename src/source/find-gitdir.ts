import fs from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { getConfig } from 'isomorphic-git';

import { messageOf, StalledError } from '../model/errors.ts';

/**
 * The Git directory to read branches and objects from: the `.git` folder of a working tree, the repository itself when it
 * is bare, and what a `.git` file points at (for a linked worktree that is the directory all its worktrees share).
 *
 * @throws StalledError `RepositoryNotFound`, `UnsupportedRepository`
 */
export async function findGitdir(path: string): Promise<string> {
  const root = resolve(path);
  const gitdir = (await gitdirOfWorktree(root)) ?? ((await isGitdir(root)) ? root : undefined);
  if (gitdir === undefined) throw await notFound(root);
  const refusal = await refuseLayout(gitdir);
  if (refusal !== undefined) {
    throw new StalledError(
      'UnsupportedRepository',
      `Cannot follow repository "${root}": ${refusal}`,
    );
  }
  return gitdir;
}

async function gitdirOfWorktree(root: string): Promise<string | undefined> {
  const dotGit = join(root, '.git');
  if (await isGitdir(dotGit)) return dotGit;
  const target = /^gitdir: (.+)$/m.exec(await textOf(dotGit))?.[1]?.trim();
  if (target === undefined) return undefined;
  const own = resolve(root, target);
  const shared = (await textOf(join(own, 'commondir'))).trim();
  const gitdir = shared === '' ? own : resolve(own, shared);
  return (await isGitdir(gitdir)) ? gitdir : undefined;
}

/** A reftable repository has no `refs/heads`, but Git keeps a file of that name for just this test. */
async function isGitdir(path: string): Promise<boolean> {
  const parts = await Promise.all(['HEAD', 'objects', 'refs'].map((name) => has(join(path, name))));
  return parts.every(Boolean);
}

/** Why this layout cannot be read, and what to do; undefined when it can. */
async function refuseLayout(gitdir: string): Promise<string | undefined> {
  const instead = 'Follow it through a server over http(s)://, or follow a plain clone of it';
  const format = await configValue(gitdir, 'extensions.objectformat');
  if (format !== '' && format !== 'sha1') {
    return `it uses ${format} object names, and only sha1 can be read. Use a repository made with --object-format=sha1`;
  }
  const refs = await configValue(gitdir, 'extensions.refstorage');
  if ((refs !== '' && refs !== 'files') || (await has(join(gitdir, 'reftable')))) {
    return `it stores its refs as ${refs || 'reftable'}, and only files can be read. ${instead}`;
  }
  return undefined;
}

async function configValue(gitdir: string, path: string): Promise<string> {
  const value: unknown = await getConfig({ fs, gitdir, path });
  return typeof value === 'string' ? value.toLowerCase() : '';
}

async function notFound(root: string): Promise<StalledError> {
  const around = await repositoryAround(dirname(root));
  const hint =
    around === undefined
      ? 'Give the path of a working tree or of a bare repository, or make one with git init'
      : `It lies in the repository "${around}": follow that, and give the rest as the path in it`;
  const seen = await access(root);
  return new StalledError(
    'RepositoryNotFound',
    `Cannot follow repository "${root}": ${seen}. ${hint}`,
  );
}

async function access(root: string): Promise<string> {
  try {
    await stat(join(root, '.'));
    return 'it is no Git repository';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' ? 'there is no such folder' : messageOf(error);
  }
}

async function repositoryAround(folder: string): Promise<string | undefined> {
  if (await isGitdir(join(folder, '.git'))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : repositoryAround(parent);
}

/** The text of a file, empty when there is none. */
async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

async function has(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
