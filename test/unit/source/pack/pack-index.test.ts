import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PackIndex } from '../../../../src/source/pack/pack-index.ts';
import type { GitRepository, ScratchFolder } from '../../../support/git-repository.ts';
import { createRepository, scratchFolder } from '../../../support/git-repository.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
/** Path of a pack of all the repository's objects, without its ending. */
let pack: string;

beforeAll(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(scratch.path);
  const files = Array.from({ length: 400 }, (_, n) => [`file-${n}`, String(n)] as const);
  await repository.commit(Object.fromEntries(files));
  const base = join(scratch.path, '.git', 'test');
  pack = `${base}-${await repository.git('pack-objects', '--all', '-q', base)}`;
});

afterAll(() => scratch[Symbol.asyncDispose]());

describe('PackIndex', () => {
  it('has the objects of the pack and no others', async () => {
    const index = await PackIndex.openVerified(pack);
    const all = await repository.git(
      'cat-file',
      '--batch-all-objects',
      '--batch-check=%(objectname)',
    );
    const oids = all.split('\n');

    expect(oids).toHaveLength(402);
    expect(oids.filter((oid) => !index.has(oid))).toEqual([]);
    const others = oids.map((oid) => oid.slice(1) + oid.slice(0, 1));
    expect(others.filter((oid) => index.has(oid))).toEqual([]);
    expect([index.has('0'.repeat(40)), index.has('f'.repeat(40))]).toEqual([false, false]);
  });

  it.each([
    { name: 'a changed byte of the pack', ending: 'pack', harm: flip, why: /SHA-1/ },
    { name: 'a pack that is cut', ending: 'pack', harm: cut, why: /SHA-1/ },
    { name: 'an empty pack file', ending: 'pack', harm: empty, why: /pack is cut/ },
    {
      name: 'a changed byte of the index',
      ending: 'idx',
      harm: flip,
      why: /index of a pack is damaged/,
    },
    { name: 'an index that is cut', ending: 'idx', harm: cut, why: /index of a pack is damaged/ },
    { name: 'an empty index', ending: 'idx', harm: empty, why: /index of a pack is cut/ },
  ])('refuses $name', async ({ ending, harm, why }) => {
    const file = `${pack}.${ending}`;
    const bytes = harm(await readFile(file));
    await writeFile(`${pack}-harmed.pack`, await readFile(`${pack}.pack`));
    await writeFile(`${pack}-harmed.idx`, await readFile(`${pack}.idx`));
    await writeFile(`${pack}-harmed.${ending}`, bytes);

    await expect(PackIndex.openVerified(`${pack}-harmed`)).rejects.toThrow(why);
  });
});

function flip(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(1100) ^ 1, 1100);
  return copy;
}

function cut(bytes: Buffer): Buffer {
  return bytes.subarray(0, -30);
}

function empty(): Buffer {
  return Buffer.alloc(0);
}
