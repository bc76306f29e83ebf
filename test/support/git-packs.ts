import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createRepository, type GitRepository } from './git-repository.ts';

/** A repository with chains of differences, a tag, a merge, an empty file, and an object for every way to store one. */
export async function createVariedRepository(path: string): Promise<GitRepository> {
  const repository = await createRepository(path);
  const lines = Array.from({ length: 400 }, (_, at) => `line ${at} of a file that changes little`);
  for (let version = 0; version < 12; version += 1) {
    lines[version * 7] = `changed in version ${version}`;
    await repository.commit({
      'apps/shop/compose.yaml': lines.join('\n'),
      [`apps/new-${version}/compose.yaml`]: `version ${version}\n`,
      empty: '',
      large: Buffer.alloc(300_000, `part ${version} `).toString(),
    });
  }
  await repository.git('checkout', '-q', '-b', 'side', 'HEAD~3');
  await repository.commit({ side: 'of a branch' });
  await repository.git('checkout', '-q', 'main');
  await repository.git('merge', '-q', '--no-edit', 'side');
  await repository.git('tag', '-a', 'v1', '-m', 'a tag');
  return repository;
}

/** All ids of a repository. */
export async function allObjects(repository: GitRepository): Promise<readonly string[]> {
  const text = await repository.git(
    'cat-file',
    '--batch-all-objects',
    '--batch-check=%(objectname)',
  );
  return text.split('\n');
}

export interface PackBytes {
  readonly pack: Buffer;
  /** As Git made it. */
  readonly index: Buffer;
}

/** A pack of all objects, as Git makes it with the given options. */
export async function packOf(
  repository: GitRepository,
  name: string,
  options: readonly string[] = [],
): Promise<PackBytes> {
  const base = join(repository.path, '.git', name);
  const sum = await repository.git('pack-objects', '--all', '-q', ...options, base);
  return {
    pack: await readFile(`${base}-${sum}.pack`),
    index: await readFile(`${base}-${sum}.idx`),
  };
}
