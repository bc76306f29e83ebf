import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { joinPacks } from '../../../../src/source/pack/join-packs.ts';
import { allObjects, createVariedRepository, packOf } from '../../../support/git-packs.ts';
import type { GitRepository, ScratchFolder } from '../../../support/git-repository.ts';
import { runGit, scratchFolder } from '../../../support/git-repository.ts';

let scratch: ScratchFolder;
let repository: GitRepository;

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await createVariedRepository(join(scratch.path, 'work'));
});

afterEach(() => scratch[Symbol.asyncDispose]());

/** Packs of the whole repository, made in different ways, so that each object is in all of them. */
async function packsOf(ways: readonly (readonly string[])[]): Promise<readonly string[]> {
  const bases: string[] = [];
  for (const [nth, way] of ways.entries()) {
    const { pack, index } = await packOf(repository, `way-${nth}`, way);
    const base = join(scratch.path, `way-${nth}`);
    await writeFile(`${base}.pack`, pack);
    await writeFile(`${base}.idx`, index);
    bases.push(base);
  }
  return bases;
}

/** The objects of one commit each, complete in themselves as a server sends them. */
async function packsOfHistory(): Promise<readonly string[]> {
  const commits = (await repository.git('rev-list', '--reverse', '--all')).split('\n');
  const bases: string[] = [];
  for (const [nth, commit] of commits.entries()) {
    const objects = await repository.git(
      'rev-list',
      '--objects',
      nth === commits.length - 1 ? '--all' : commit,
      ...commits.slice(0, nth).map((known) => `^${known}`),
    );
    const base = join(scratch.path, `part-${nth}`);
    const sum = await runGit(repository.path, ['pack-objects', '-q', '--delta-base-offset', base], {
      input: `${objects}\n`,
    });
    bases.push(`${base}-${sum}`);
  }
  return bases;
}

async function joined(bases: readonly string[]): Promise<string> {
  const folder = join(scratch.path, 'joined');
  await mkdir(folder);
  await joinPacks(bases, folder);
  const files = await readdir(folder);
  expect(files).toHaveLength(2);
  return join(folder, files[0]?.replace(/\.\w+$/, '') ?? '');
}

describe('joinPacks()', () => {
  it.each([
    { name: 'the commits of a history', make: packsOfHistory },
    { name: 'the same objects over and over', make: () => packsOf([[], ['--depth=0'], []]) },
    {
      name: 'differences to bases that an earlier pack holds elsewhere',
      make: () =>
        packsOf([['--delta-base-offset', '--depth=2'], ['--delta-base-offset'], ['--depth=9']]),
    },
  ])('makes a pack of $name that Git takes as its own', async ({ make }) => {
    const base = await joined(await make());

    const index = await readFile(`${base}.idx`);
    await runGit(scratch.path, ['index-pack', '--strict', '-o', `${base}.git-idx`, `${base}.pack`]);
    expect(index.equals(await readFile(`${base}.git-idx`))).toBe(true);
    const shown = await runGit(scratch.path, ['verify-pack', '-v', `${base}.idx`]);
    const oids = shown.split('\n').flatMap((line) => /^[0-9a-f]{40}/.exec(line)?.[0] ?? []);
    expect(oids.toSorted()).toEqual((await allObjects(repository)).toSorted());
  });

  it('refuses an object that has gone bad on the disk, and one that is cut off', async () => {
    const [base = '', other = ''] = await packsOf([[], ['--depth=0']]);
    const pack = await readFile(`${base}.pack`);
    const folder = join(scratch.path, 'joined');
    await mkdir(folder);

    const flipped = Buffer.from(pack);
    flipped.writeUInt8(flipped.readUInt8(pack.length >> 1) ^ 4, pack.length >> 1);
    await writeFile(`${base}.pack`, flipped);
    await expect(joinPacks([base, other], folder)).rejects.toThrow('is damaged in its pack');
    await writeFile(`${base}.pack`, pack.subarray(0, pack.length >> 1));
    await expect(joinPacks([other, base], folder)).rejects.toThrow('is damaged in its pack');

    expect((await readdir(folder)).filter((file) => file.startsWith('pack-'))).toEqual([]);
  });
});
