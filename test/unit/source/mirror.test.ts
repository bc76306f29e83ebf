import { readdir, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import type { GitServer } from '../../support/git-server.ts';
import { startGitServer } from '../../support/git-server.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let server: GitServer;
let facts: { readonly repository: string; readonly stateDir: string };

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(join(scratch.path, 'work'));
  server = await startGitServer(scratch.path);
  facts = { repository: `${server.url}/work`, stateDir: join(scratch.path, 'state') };
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** The folder of the only mirror in the state folder. */
async function mirrorFolder(): Promise<string> {
  const [name = ''] = await readdir(join(facts.stateDir, 'git'));
  return join(facts.stateDir, 'git', name);
}

describe('Mirror', () => {
  it.each([
    { name: 'a pack is cut', harm: (pack: string) => truncate(`${pack}.pack`, 50) },
    { name: 'a pack is gone', harm: (pack: string) => unlink(`${pack}.pack`) },
    { name: 'an index is empty', harm: (pack: string) => truncate(`${pack}.idx`, 0) },
    { name: 'an index is gone', harm: (pack: string) => unlink(`${pack}.idx`) },
  ])('is begun anew, and says so, when $name', async ({ harm }) => {
    await repository.commit({ a: '1' });
    await using first = await openTestSource(facts);
    await first.head(never);
    await first[Symbol.asyncDispose]();
    const packs = join(await mirrorFolder(), 'mirror.git', 'objects', 'pack');
    const [file = ''] = await readdir(packs);
    await harm(join(packs, file.replace(/\.\w+$/, '')));

    const log: string[] = [];
    await using source = await openTestSource(facts, log);

    expect(log.join('')).toContain('mirror is damaged');
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('is a whole Git directory although a process was killed that had begun to make it', async () => {
    const tip = await repository.commit({ a: '1' });
    {
      await using first = await openTestSource(facts);
      expect(await reasonOf(first.resolve('main', AbortSignal.abort()))).not.toBe('none');
    }
    const gitdir = join(await mirrorFolder(), 'mirror.git');
    await unlink(join(gitdir, 'HEAD'));

    await using source = await openTestSource(facts);

    expect(await contentOfHead(source)).toEqual({ a: '1' });
    await runGit(gitdir, ['fsck', '--no-dangling', tip]);
  });

  it('removes what a killed process left behind', async () => {
    await repository.commit({ a: '1' });
    await using first = await openTestSource(facts);
    await first.head(never);
    await first[Symbol.asyncDispose]();
    const packs = join(await mirrorFolder(), 'mirror.git', 'objects', 'pack');
    const before = await readdir(packs);
    await writeFile(join(packs, `pack-${'0'.repeat(40)}.pack`), 'half a pa');
    await writeFile(join(packs, `pack-${'0'.repeat(40)}.idx`), '');

    await using source = await openTestSource(facts);

    expect(await readdir(packs)).toEqual(before);
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it.each([
    { name: 'a process that is gone', owner: '{"pid":4194304,"startedAt":1}' },
    { name: 'an earlier process of our id', owner: `{"pid":${process.pid},"startedAt":1}` },
    { name: 'nobody, being cut', owner: '{"pid":' },
  ])('takes over a lock of $name', async ({ owner }) => {
    await repository.commit({ a: '1' });
    await using first = await openTestSource(facts);
    await first[Symbol.asyncDispose]();
    await writeFile(join(await mirrorFolder(), 'lock'), owner);

    await using source = await openTestSource(facts);

    expect(await contentOfHead(source)).toEqual({ a: '1' });
    expect(await reasonOf(openTestSource(facts))).toBe('MirrorInUse');
  });
});
