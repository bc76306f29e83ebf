import fs from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readObject } from 'isomorphic-git';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ObjectFiles } from '../../../../src/source/pack/object-files.ts';
import { TooLargeError } from '../../../../src/source/pack/too-large.ts';
import { allObjects, createVariedRepository } from '../../../support/git-packs.ts';
import {
  runGit,
  scratchFolder,
  type GitRepository,
  type ScratchFolder,
} from '../../../support/git-repository.ts';

const anySize = 1024 ** 3;

let scratch: ScratchFolder;
let repository: GitRepository;
let gitdir: string;

beforeAll(async () => {
  scratch = await scratchFolder();
  repository = await createVariedRepository(join(scratch.path, 'work'));
  gitdir = join(repository.path, '.git');
});

afterAll(() => scratch[Symbol.asyncDispose]());

/** Reads every object, and holds it against isomorphic-git; gives how many there are. */
async function compareAll(folder: string): Promise<number> {
  await using files = new ObjectFiles(folder);
  await files.refresh();
  const oids = await allObjects(repository);
  const cache = {};
  for (const oid of oids) {
    const expected = await readObject({ fs, gitdir: folder, oid, cache, format: 'content' });
    const found = await files.read(oid, anySize);
    expect([oid, found?.type]).toEqual([oid, expected.type]);
    expect(found?.bytes.equals(expected.object as Uint8Array)).toBe(true);
  }
  return oids.length;
}

describe('ObjectFiles', () => {
  it('reads every object as isomorphic-git does: loose, in a pack, in several', async () => {
    const loose = await compareAll(gitdir);
    await repository.git('repack', '-adfq', '--depth=50');
    await repository.git('prune-packed');
    const packed = await compareAll(gitdir);
    await repository.commit({ later: 'in a pack of its own' });
    await repository.git('repack', '-dq');
    await repository.commit({ latest: 'loose' });

    expect(loose).toBeGreaterThan(60);
    expect(packed).toBe(loose);
    expect(await compareAll(gitdir)).toBeGreaterThan(packed);
  });

  it('reads what a clone borrows from another repository', async () => {
    await runGit(scratch.path, ['clone', '-q', '--bare', '--shared', repository.path, 'borrows']);
    await runGit(scratch.path, ['clone', '-q', '--bare', '--shared', 'borrows', 'borrows-too']);
    const tree = await repository.git('rev-parse', 'HEAD^{tree}');
    await using files = new ObjectFiles(join(scratch.path, 'borrows-too'));
    await files.refresh();

    expect(await readdir(join(scratch.path, 'borrows-too', 'objects', 'pack'))).toEqual([]);
    expect((await files.read(tree, anySize))?.type).toBe('tree');
  });

  it('refuses what is too large, whole, as a difference and loose, before it is made', async () => {
    await repository.git('repack', '-adfq', '--depth=50');
    await repository.commit({ loose: 'y'.repeat(5_000) });
    const ids = await repository.git('rev-parse', 'HEAD:large', 'HEAD~3:large', 'HEAD:loose');
    await using files = new ObjectFiles(gitdir);
    await files.refresh();

    for (const oid of ids.split('\n')) {
      const size = Number(await repository.git('cat-file', '-s', oid));
      await expect(files.read(oid, size - 1)).rejects.toThrow(new TooLargeError(size));
      expect((await files.read(oid, size))?.bytes).toHaveLength(size);
    }
  });

  it('has no objects that are not there, and fails on damaged ones', async () => {
    const copy = join(scratch.path, 'damaged.git');
    await runGit(scratch.path, ['clone', '-q', '--bare', '--no-hardlinks', repository.path, copy]);
    await repository.commit({ extra: 'only there' });
    const tree = await repository.git('rev-parse', 'HEAD~2^{tree}');
    const packs = join(copy, 'objects', 'pack');
    const pack = (await readdir(packs)).find((name) => name.endsWith('.pack'));
    const file = join(packs, pack ?? '');
    const bytes = await readFile(file);
    await rm(file, { force: true });
    await writeFile(file, bytes.fill(0xff, 12, bytes.length - 20));
    await using files = new ObjectFiles(copy);
    await files.refresh();

    expect(await files.read(await repository.git('rev-parse', 'HEAD'), anySize)).toBeNull();
    await expect(files.read(tree, anySize)).rejects.toThrow();
  });

  it('goes on reading while Git packs everything anew', async () => {
    const oids = await allObjects(repository);
    await using files = new ObjectFiles(gitdir);
    await files.refresh();
    await files.read(oids[0] ?? '', anySize);
    await repository.git('repack', '-adfq');

    await files.refresh();
    for (const oid of oids) expect(await files.read(oid, anySize)).not.toBeNull();
  });
});
