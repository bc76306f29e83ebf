import { createHash } from 'node:crypto';

import { indexPack as referenceIndexPack } from 'isomorphic-git';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fs, { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { indexPack, packLimits } from '../../../../src/source/pack/index-pack.ts';
import { createVariedRepository, packOf, type PackBytes } from '../../../support/git-packs.ts';
import {
  scratchFolder,
  type GitRepository,
  type ScratchFolder,
} from '../../../support/git-repository.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let made: PackBytes;

beforeAll(async () => {
  scratch = await scratchFolder();
  repository = await createVariedRepository(scratch.path);
  made = await packOf(repository, 'made', ['--delta-base-offset']);
});

afterAll(() => scratch[Symbol.asyncDispose]());

/** The pack with the SHA-1 that its bytes have now: what somebody sends who means it. */
function sealed(pack: Buffer): Buffer {
  const body = pack.subarray(0, -20);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

describe('indexPack()', () => {
  it.each([
    { name: 'whole objects', options: ['--window=0'] },
    { name: 'differences to what stands before', options: ['--delta-base-offset', '--depth=50'] },
    { name: 'differences to ids', options: ['--depth=50'] },
  ])('makes the index that Git makes, of $name', async ({ name, options }) => {
    const { pack, index } = await packOf(repository, name.replaceAll(' ', '-'), options);

    expect(indexPack(pack, packLimits).equals(index)).toBe(true);
  });

  it('makes the index that isomorphic-git makes', async () => {
    const folder = join(scratch.path, 'reference');
    await mkdir(folder);
    await writeFile(join(folder, 'a.pack'), made.pack);
    await referenceIndexPack({ fs, dir: folder, filepath: 'a.pack', gitdir: folder });

    const index = await readFile(join(folder, 'a.idx'));
    expect(indexPack(made.pack, packLimits).equals(index)).toBe(true);
  });

  it('refuses a pack that is cut anywhere, sealed or not', () => {
    for (let share = 0; share < 40; share += 1) {
      const cut = made.pack.subarray(0, Math.floor((made.pack.length * share) / 40));

      expect(() => indexPack(cut, packLimits)).toThrow();
      if (cut.length > 32) expect(() => indexPack(sealed(cut), packLimits)).toThrow();
    }
  });

  it('refuses a pack with a changed bit, or finds another object in it', () => {
    for (let at = 0; at < 400; at += 1) {
      const harmed = Buffer.from(made.pack);
      const where = Math.floor(((harmed.length - 20) * at) / 400);
      harmed.writeUInt8(harmed.readUInt8(where) ^ (1 << (at % 8)), where);

      expect(() => indexPack(harmed, packLimits)).toThrow(/SHA-1|no pack/);
      expect(indexOf(sealed(harmed))?.equals(made.index)).not.toBe(true);
    }
  });

  it('refuses a thin pack, whose differences apply to what it does not hold', async () => {
    const base = join(scratch.path, '.git', 'thin');
    const options = ['pack-objects', '-q', '--thin', '--revs', '--window=50', '--stdout'];
    await writeFile(`${base}.revs`, 'HEAD\n^HEAD~3\n');
    await repository.git(
      '-c',
      `alias.thin=!git ${options.join(' ')} <${base}.revs >${base}`,
      'thin',
    );

    expect(() => indexPack(readFileSync(base), packLimits)).toThrow(/differences to missing ones/);
  });

  it.each([
    ['objects', { maxObjects: 3 }, /too many/],
    ['one object', { maxObjectBytes: 1_000 }, /too large/],
    ['all together', { maxTotalBytes: 100_000 }, /together are too large/],
  ])('refuses more than is allowed: %s', (_name, limits, why) => {
    expect(() => indexPack(made.pack, { ...packLimits, ...limits })).toThrow(why);
  });
});

function indexOf(pack: Buffer): Buffer | null {
  try {
    return indexPack(pack, packLimits);
  } catch {
    return null;
  }
}
