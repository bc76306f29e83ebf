import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { toCommitSha } from '../../../src/model/names.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let repository: GitRepository;

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(join(scratch.path, 'work'));
});

afterEach(() => scratch[Symbol.asyncDispose]());

describe('LocalSource reads in place', () => {
  const files = { 'fleet.yaml': 'hosts: {}\n', 'apps/shop/compose.yaml': 'name: shop\n' };

  it('a working tree', async () => {
    const commit = await repository.commit(files, 'add shop\n\nbody');
    await using source = await openTestSource({ repository: repository.path });

    expect(await source.head(never)).toEqual({
      branch: 'main',
      commit,
      author: 'Ada <ada@example.com>',
      date: 1_700_000_060_000,
      subject: 'add shop',
    });
    expect(await contentOfHead(source)).toEqual(files);
  });

  it('a bare repository, named by a file:// URL', async () => {
    await repository.commit(files);
    await runGit(scratch.path, ['clone', '-q', '--bare', 'work', 'bare.git']);
    await using source = await openTestSource({ repository: `file://${scratch.path}/bare.git` });

    expect(await contentOfHead(source)).toEqual(files);
  });

  it('a linked worktree, through the directory that all worktrees share', async () => {
    await repository.commit(files);
    await repository.git('worktree', 'add', '-q', '../linked', '-b', 'linked');
    await using source = await openTestSource({ repository: join(scratch.path, 'linked') });

    expect(await contentOfHead(source)).toEqual(files);
  });

  it('packed refs and packed objects, also when they are packed while it is open', async () => {
    await repository.commit(files);
    await using source = await openTestSource({ repository: repository.path });
    await source.head(never);

    for (const round of ['1', '2', '3']) {
      await repository.commit({ round });
      await repository.git('pack-refs', '--all');
      await repository.git('gc', '-q', '--prune=now');
      expect(await contentOfHead(source)).toEqual({ ...files, round });
    }
  });

  it('nothing but what was committed', async () => {
    await repository.commit(files);
    await writeFile(join(repository.path, 'fleet.yaml'), 'not committed');
    await using source = await openTestSource({ repository: repository.path });

    expect((await contentOfHead(source))['fleet.yaml']).toBe('hosts: {}\n');
  });

  it('the followed path only, with paths from the root', async () => {
    const commit = await repository.commit({ ...files, 'apps-old/x': '' });
    await using source = await openTestSource({ repository: repository.path, path: 'apps/' });

    const tree = await source.tree(toCommitSha(commit), never);

    expect([...tree.entries.keys()]).toEqual(['apps/shop/compose.yaml']);
  });

  it('links and submodules as what they are', async () => {
    const commit = await repository.commit({ a: 'x', 'l.yaml': { link: '/etc/passwd' } });
    await repository.git('update-index', '--add', '--cacheinfo', `160000,${commit},sub`);
    await repository.git('commit', '-q', '-m', 'add a submodule');
    const second = await repository.git('rev-parse', 'HEAD');
    await using source = await openTestSource({ repository: repository.path });

    const { entries } = await source.tree(toCommitSha(second), never);

    expect([...entries.values()].map(({ path, kind }) => [path, kind])).toEqual([
      ['a', 'file'],
      ['l.yaml', 'symlink'],
      ['sub', 'submodule'],
    ]);
  });

  it('a tree with names that isomorphic-git refuses', async () => {
    const commit = await repository.commit({ 'unit\\x2d.swap': 'x', 'a\nb': 'y', 'ok.yaml': 'z' });
    await using source = await openTestSource({ repository: repository.path });

    const tree = await source.tree(toCommitSha(commit), never);

    expect([...tree.entries.keys()]).toEqual(['ok.yaml', 'unit\\x2d.swap']);
    expect(tree.skipped).toEqual(['in the root: "a\\nb" holds a control character']);
  });
});

describe('LocalSource refuses', () => {
  it.each([
    {
      name: 'a branch that is not there',
      facts: { ref: { kind: 'branch' as const, name: 'mian' } },
      reason: 'BranchNotFound',
    },
    { name: 'a path that is not there', facts: { path: 'apps' }, reason: 'PathNotFound' },
    { name: 'a path that is a file', facts: { path: 'a' }, reason: 'PathNotFound' },
  ])('$name', async ({ facts, reason }) => {
    await repository.commit({ a: 'x' });
    await using source = await openTestSource({ repository: repository.path, ...facts });

    expect(await reasonOf(contentOfHead(source))).toBe(reason);
  });

  it('an empty repository', async () => {
    await using source = await openTestSource({ repository: repository.path });

    expect(await reasonOf(source.head(never))).toBe('RepositoryEmpty');
  });

  it('a folder that is no repository, and names the one around it', async () => {
    await mkdir(join(repository.path, 'apps'));
    const opening = openTestSource({ repository: join(repository.path, 'apps') });

    await expect(opening).rejects.toThrow(`lies in the repository "${repository.path}"`);
    expect(await reasonOf(openTestSource({ repository: '/nonexistent/x' }))).toBe(
      'RepositoryNotFound',
    );
  });

  it.each([
    {
      name: 'SHA-256',
      make: (path: string) => runGit(path, ['init', '-q', '--object-format=sha256', 'odd']),
      says: /sha256/,
    },
    {
      name: 'a reftable',
      make: async (path: string) => {
        await runGit(path, ['clone', '-q', '--bare', 'work', 'odd']);
        await runGit(join(path, 'odd'), ['config', 'extensions.refstorage', 'reftable']);
      },
      says: /reftable/,
    },
  ])('$name, and says what to do', async ({ make, says }) => {
    await repository.commit({ a: 'x' });
    await make(scratch.path);
    const opening = openTestSource({ repository: join(scratch.path, 'odd') });

    await expect(opening).rejects.toThrow(says);
    await expect(opening).rejects.toHaveProperty('reason', 'UnsupportedRepository');
  });

  it('a blob over the bound', async () => {
    await repository.commit({ a: 'four' });
    const oid = await repository.git('rev-parse', 'HEAD:a');
    await using source = await openTestSource({ repository: repository.path });

    expect(await reasonOf(source.read(oid, 3, never))).toBe('BlobTooLarge');
    expect(await source.read(oid, 4, never)).toHaveLength(4);
  });

  it('to go on once it is cancelled', async () => {
    await repository.commit({ a: 'x' });
    await using source = await openTestSource({ repository: repository.path });

    await expect(source.head(AbortSignal.abort())).rejects.toHaveProperty('name', 'AbortError');
  });
});

describe('LocalSource.resolve()', () => {
  it('finds a full id, a prefix and a branch', async () => {
    const first = await repository.commit({ a: '1' });
    await repository.git('branch', 'old');
    await repository.commit({ a: '2' });
    await using source = await openTestSource({ repository: repository.path });

    for (const revision of [first, first.slice(0, 7), 'old']) {
      expect((await source.resolve(revision, never)).commit).toBe(first);
    }
  });

  it.each(['0000000', 'f'.repeat(40), 'abc', 'main~1'])('does not find %s', async (revision) => {
    await repository.commit({ a: '1' });
    await using source = await openTestSource({ repository: repository.path });

    expect(await reasonOf(source.resolve(revision, never))).toBe('RevisionNotFound');
  });

  it('does not take the id of a file for a commit', async () => {
    await repository.commit({ a: '1' });
    const blob = await repository.git('rev-parse', 'HEAD:a');
    await using source = await openTestSource({ repository: repository.path });

    expect(await reasonOf(source.resolve(blob, never))).toBe('RevisionNotFound');
  });
});
