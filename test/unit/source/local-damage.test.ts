import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { CommitSha } from '../../../src/model/names.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, scratchFolder } from '../../support/git-repository.ts';
import { contentOfHead, never, openTestSource } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let source: Source;
/** The commit that was read before the one that is damaged. */
let before: CommitSha;

const text = Array.from({ length: 200 }, (_, line) => `line ${line * 7919}`).join('\n');
const right = { a: '2', b: '1', c: text };

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(join(scratch.path, 'work'));
  await repository.commit({ a: '1', b: '1' });
  source = await openTestSource({ repository: repository.path });
  before = (await source.head(never)).commit;
  await repository.commit({ a: '2', c: text });
});
afterEach(async () => {
  await source[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** Puts other bytes in place of those of a file, and gives what puts them back. */
async function damage(path: string, make: (bytes: Buffer) => Buffer): Promise<() => Promise<void>> {
  const file = join(repository.path, '.git', path);
  const bytes = await readFile(file);
  const put = async (content: Buffer): Promise<void> => {
    await rm(file);
    await writeFile(file, content);
  };
  await put(make(bytes));
  return () => put(bytes);
}

async function objectOf(revision: string): Promise<string> {
  const oid = await repository.git('rev-parse', revision);
  return join('objects', oid.slice(0, 2), oid.slice(2));
}

async function namesBefore(): Promise<readonly string[]> {
  return [...(await source.tree(before, never)).entries.keys()];
}

function flippedAt(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 0x10, at);
  return copy;
}

/** Ten places, near both ends and at both. */
const shares = [0, 0.01, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.99];
const makes = shares.flatMap((share) => [
  (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length * share)),
  (bytes: Buffer) => flippedAt(bytes, Math.floor(bytes.length * share)),
]);

describe('LocalSource keeps what it read before', () => {
  it.each([
    { name: 'commit', revision: 'HEAD' },
    { name: 'tree', revision: 'HEAD^{tree}' },
    { name: 'file', revision: 'HEAD:c' },
  ])('when the $name is a page', async ({ revision }) => {
    const heal = await damage(await objectOf(revision), () => Buffer.from('<html></html>'));

    await expect(contentOfHead(source)).rejects.toMatchObject({
      reason: 'PackCorrupt',
      message: expect.stringMatching(/^Cannot read (commit|tree|blob) /),
    });
    expect(await namesBefore()).toEqual(['a', 'b']);
    await heal();
    expect(await contentOfHead(source)).toEqual(right);
  });

  it('when the branch is a page', async () => {
    const heal = await damage('refs/heads/main', () => Buffer.from('<html></html>'));

    await expect(source.head(never)).rejects.toMatchObject({
      reason: 'PackCorrupt',
      message: `Cannot read branch "main" of repository "${repository.path}": its ref names no commit`,
    });
    expect(await namesBefore()).toEqual(['a', 'b']);
    await heal();
    expect(await contentOfHead(source)).toEqual(right);
  });

  it.each(['HEAD', 'HEAD^{tree}', 'HEAD:c'])(
    'when %s is cut at ten places, or has another byte there',
    async (revision) => {
      let refusals = 0;
      for (const make of makes) {
        const heal = await damage(await objectOf(revision), make);
        const outcome: unknown = await contentOfHead(source).catch((error: unknown) => error);
        // What is lost of the last bytes may be no more than a checksum of the compression.
        if (!(outcome instanceof Error)) expect(outcome).toEqual(right);
        else expect(outcome).toHaveProperty('reason', 'PackCorrupt');
        refusals += outcome instanceof Error ? 1 : 0;
        expect(await namesBefore()).toEqual(['a', 'b']);
        await heal();
      }
      expect(refusals).toBeGreaterThanOrEqual(makes.length - 3);
      expect(await contentOfHead(source)).toEqual(right);
    },
  );
});
