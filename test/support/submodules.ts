import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import type { SourceOptions } from '../../src/source/source-options.ts';
import { parseSubmoduleRule } from '../../src/source/submodules/submodule-rule.ts';
import type { GitRepository } from './git-repository.ts';
import { createRepository, runGit } from './git-repository.ts';

/** Three repositories in one folder. */
export interface Team {
  /** What is followed. */
  readonly fleet: GitRepository;
  readonly lib: GitRepository;
  /** A submodule of `lib`, at `inner`. */
  readonly deep: GitRepository;
}

export async function createTeam(folder: string): Promise<Team> {
  const [fleet, lib, deep] = await Promise.all([
    createRepository(join(folder, 'fleet')),
    createRepository(join(folder, 'lib')),
    createRepository(join(folder, 'deep')),
  ]);
  const bottom = await deep.commit({ 'x/bottom': 'deep 1' });
  await lib.commit({ a: 'lib 1', 'env/web': 'X=1' });
  await setSubmodule(lib, 'inner', '../deep', bottom, 'the inner one');
  await fleet.commit({ a: 'fleet 1' });
  return { fleet, lib, deep };
}

/** What a source is told to follow. */
export function following(rule: string): SourceOptions['submodules'] {
  return { rule: parseSubmoduleRule(rule), others: [] };
}

/** Says in `.gitmodules` what a submodule is, and sets it to a commit; its files are not fetched into the repository. */
export async function setSubmodule(
  repository: GitRepository,
  path: string,
  url: string,
  commit: string,
  name = path,
): Promise<string> {
  const file = ['config', '-f', '.gitmodules'];
  await repository.git(...file, `submodule.${name}.path`, path);
  await repository.git(...file, `submodule.${name}.url`, url);
  return moveSubmodule(repository, path, commit);
}

/** Commits a submodule at another commit. */
export async function moveSubmodule(
  repository: GitRepository,
  path: string,
  commit: string,
): Promise<string> {
  // Else `git add` would take it for removed.
  await mkdir(join(repository.path, path), { recursive: true });
  await repository.git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
  return repository.commit({}, `move ${path}`);
}

/** Native Git's answer to what a commit holds with all its submodules: the ids of its files by path. */
export async function filesByGit(
  repository: GitRepository,
  commit: string,
  scratch: string,
): Promise<Readonly<Record<string, string>>> {
  const copy = await mkdtemp(join(scratch, 'copy-'));
  await runGit(scratch, ['clone', '-q', repository.path, copy]);
  await runGit(copy, ['checkout', '-q', commit]);
  const allowed = ['-c', 'protocol.file.allow=always'];
  await runGit(copy, [...allowed, 'submodule', '-q', 'update', '--init', '--recursive']);
  const listed = await runGit(copy, ['ls-files', '-z', '-s', '--recurse-submodules']);
  return Object.fromEntries(
    listed
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => {
        const [, oid = '', path = ''] = /^\d+ ([0-9a-f]{40}) \d\t(.*)$/s.exec(line) ?? [];
        return [path, oid];
      }),
  );
}
