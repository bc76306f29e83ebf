import { readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { messageOf } from '../../../src/model/errors.ts';
import { toCommitSha } from '../../../src/model/names.ts';
import type { Change } from '../../../src/source/change.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let work: GitRepository;

beforeEach(async () => {
  scratch = await scratchFolder();
  work = await createRepository(join(scratch.path, 'work'));
});

afterEach(() => scratch[Symbol.asyncDispose]());

/** Takes these files back to what they were in an older commit. */
async function takeBack(
  source: Source,
  older: string,
  paths: readonly string[] = ['a'],
): Promise<Change> {
  const { commit: base } = await source.head(never);
  const { entries } = await source.tree(toCommitSha(older), never);
  return {
    base,
    edits: new Map(paths.map((path) => [path, entries.get(path)?.oid ?? null])),
    author: 'Fleet <fleet@example.com>',
    message: 'Take back',
    check: async () => undefined,
  };
}

async function cloneBare(): Promise<string> {
  await runGit(scratch.path, ['clone', '-q', '--bare', 'work', 'bare.git']);
  return join(scratch.path, 'bare.git');
}

describe('LocalSource.commit() to a bare repository', () => {
  it('adds one commit that native Git finds whole', async () => {
    const old = await work.commit({ a: '1', 'x/y/b': '1', 'x/c': '1' });
    await work.commit({ a: '2', 'x/y/b': '2', 'x/d': 'new', 'x.y': '', x0: '' });
    const head = await work.commit({ 'new/deep/e': '1' });
    const bare = await cloneBare();
    await using source = await openTestSource({ repository: bare });
    const paths = ['a', 'x/y/b', 'x/d', 'new/deep/e'];

    const result = await source.commit(await takeBack(source, old, paths), never);

    const tip = await runGit(bare, ['rev-parse', 'main']);
    expect(result).toMatchObject({ kind: 'committed', parent: head, revision: { commit: tip } });
    expect(await runGit(bare, ['diff', '--name-status', head, 'main'])).toBe(
      'M\ta\nD\tnew/deep/e\nD\tx/d\nM\tx/y/b',
    );
    expect(await runGit(bare, ['fsck', '--strict'])).toBe('');
    expect(await source.head(never)).toMatchObject({ commit: tip });
    expect(await contentOfHead(source)).toMatchObject({ a: '1', 'x/y/b': '1', 'x/c': '1' });
  });

  it('brings a removed folder back, with what was in it', async () => {
    const old = await work.commit({ 'apps/shop/compose.yaml': '1', b: '' });
    await work.git('rm', '-rq', 'apps');
    await work.commit({});
    const bare = await cloneBare();
    await using source = await openTestSource({ repository: bare });

    await source.commit(await takeBack(source, old, ['apps/shop/compose.yaml']), never);

    expect(await runGit(bare, ['diff', '--name-status', old, 'main'])).toBe('');
  });

  it('keeps the mode of a file', async () => {
    const old = await work.commit({ a: '1' });
    await work.commit({ a: '2' });
    await work.git('update-index', '--chmod=+x', 'a');
    await work.git('commit', '-q', '-m', 'executable');
    const bare = await cloneBare();
    await using source = await openTestSource({ repository: bare });

    await source.commit(await takeBack(source, old), never);

    expect(await runGit(bare, ['ls-tree', 'main', 'a'])).toMatch(/^100755 blob/);
  });

  it('works on packed refs and packed objects', async () => {
    const old = await work.commit({ a: '1' });
    await work.commit({ a: '2' });
    const bare = await cloneBare();
    await runGit(bare, ['gc', '-q', '--prune=now']);
    await using source = await openTestSource({ repository: bare });

    await source.commit(await takeBack(source, old), never);

    expect(await runGit(bare, ['show', 'main:a'])).toBe('1');
  });

  it('is made anew on what was pushed meanwhile', async () => {
    const old = await work.commit({ a: '1', b: '1' });
    await work.commit({ a: '2' });
    const bare = await cloneBare();
    await using source = await openTestSource({ repository: bare });
    let theirs = '';
    const change: Change = {
      ...(await takeBack(source, old)),
      check: async () => {
        if (theirs !== '') return;
        theirs = await work.commit({ b: '2' });
        await work.git('push', '-q', bare, 'main');
      },
    };

    expect(await source.commit(change, never)).toMatchObject({ parent: theirs });
    expect(await contentOfHead(source)).toEqual({ a: '1', b: '2' });
  });

  it('waits for a lock of Git, and says which file to remove when nobody gives it up', async () => {
    const old = await work.commit({ a: '1' });
    await work.commit({ a: '2' });
    const bare = await cloneBare();
    await using source = await openTestSource({ repository: bare });
    const change = await takeBack(source, old);
    const lock = join(bare, 'refs/heads/main.lock');

    await writeFile(lock, '');
    let looks = 0;
    const patient = {
      ...change,
      check: async () => {
        looks += 1;
        if (looks === 2) await rm(lock);
      },
    };
    expect((await source.commit(patient, never)).kind).toBe('committed');

    await work.git('push', '-qf', bare, 'main');
    await writeFile(lock, '');
    await utimes(lock, 0, 0);
    expect(await source.commit(change, never).catch(messageOf)).toContain(
      `"${lock}" has been there`,
    );
  });

  it('refuses a branch that is another name of a branch', async () => {
    const old = await work.commit({ a: '1' });
    await work.commit({ a: '2' });
    const bare = await cloneBare();
    await runGit(bare, ['symbolic-ref', 'refs/heads/alias', 'refs/heads/main']);
    await using source = await openTestSource({
      repository: bare,
      ref: { kind: 'branch', name: 'alias' },
    });

    expect(await reasonOf(source.commit(await takeBack(source, old), never))).toBe(
      'UnsupportedRepository',
    );
  });

  it('refuses to put a file where a folder is', async () => {
    const old = await work.commit({ a: '1' });
    await rm(join(work.path, 'a'));
    await work.commit({ 'a/b': '2' });
    const bare = await cloneBare();
    await using source = await openTestSource({ repository: bare });

    expect(await reasonOf(source.commit(await takeBack(source, old), never))).toBe(
      'ChangeConflict',
    );
  });
});

describe('LocalSource.commit() to a repository with a working tree', () => {
  it('brings the files and the index along when the branch is checked out', async () => {
    const old = await work.commit({ a: '1', 'gone/b': '1', c: '1' });
    await rm(join(work.path, 'gone'), { recursive: true });
    const head = await work.commit({ a: '2', 'more/d': 'new' });
    await writeFile(join(work.path, 'c'), 'being edited');
    await using source = await openTestSource({ repository: work.path });

    await source.commit(await takeBack(source, old, ['a', 'gone/b', 'more/d']), never);

    expect(await work.git('status', '--porcelain')).toBe(' M c'.trimEnd());
    expect(await work.git('diff', '--name-only', old, 'HEAD')).toBe('');
    expect(await readFile(join(work.path, 'gone/b'), 'utf8')).toBe('1');
    expect(await work.git('reflog', '-1', '--format=%gs')).toBe('fleetwright: Take back');
    expect(await work.git('rev-parse', 'HEAD^')).toBe(head);
    expect(await work.git('fsck', '--strict')).toBe('');
  });

  it.each([
    { name: 'a changed file', dirty: () => writeFile(join(work.path, 'a'), 'mine') },
    {
      name: 'a change that was added',
      dirty: async () => {
        await writeFile(join(work.path, 'a'), 'mine');
        await work.git('add', 'a');
        await writeFile(join(work.path, 'a'), '2');
      },
    },
    { name: 'a new file in the way', dirty: () => writeFile(join(work.path, 'b'), 'mine') },
    {
      name: 'a link in place of a folder',
      dirty: async () => {
        await rm(join(work.path, 'f'), { recursive: true });
        await symlink('/tmp', join(work.path, 'f'));
      },
    },
    { name: 'a split index', dirty: () => work.git('update-index', '--split-index') },
    {
      name: 'an index that it cannot read',
      dirty: () => work.git('update-index', '--index-version=4'),
    },
  ])('refuses over $name, and changes nothing', async ({ dirty }) => {
    const old = await work.commit({ a: '1', b: '1', 'f/c': '1' });
    await rm(join(work.path, 'b'));
    const head = await work.commit({ a: '2', 'f/c': '2' });
    await dirty();
    const before = await work.git('status', '--porcelain');
    await using source = await openTestSource({ repository: work.path });

    const change = await takeBack(source, old, ['f/c', 'a', 'b']);

    expect(await reasonOf(source.commit(change, never))).toBe('CheckedOut');
    expect(await work.git('rev-parse', 'HEAD')).toBe(head);
    expect(await work.git('status', '--porcelain')).toBe(before);
  });

  it('only moves the branch when another one is checked out', async () => {
    const old = await work.commit({ a: '1' });
    await work.commit({ a: '2' });
    await work.git('switch', '-q', '-c', 'mine');
    await using source = await openTestSource({ repository: work.path });

    await source.commit(await takeBack(source, old), never);

    expect(await work.git('show', 'main:a')).toBe('1');
    expect(await work.git('status', '--porcelain')).toBe('');
  });

  it('names the linked working tree that has the branch', async () => {
    const old = await work.commit({ a: '1' });
    await work.commit({ a: '2' });
    await work.git('switch', '-q', '-c', 'mine');
    await work.git('worktree', 'add', '-q', '../linked', 'main');
    await using source = await openTestSource({ repository: work.path });

    const failure = await source.commit(await takeBack(source, old), never).catch(messageOf);

    expect(failure).toContain(`"${join(scratch.path, 'linked')}"`);
  });
});
