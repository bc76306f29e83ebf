import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { messageOf } from '../../../src/model/errors.ts';
import type { FollowedRef } from '../../../src/model/followed-ref.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, scratchFolder } from '../../support/git-repository.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';
import type { Served } from '../../support/served-repository.ts';
import { serveLocally, serveOverHttp, serveOverSsh } from '../../support/served-repository.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let count = 0;

/** A server may have to be installed first. */
const setUpMs = 120_000;

beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

beforeEach(async () => {
  count += 1;
  repository = await createRepository(join(scratch.path, `work-${count}`));
});

/** Commits `a` and tags it: an annotated tag when it has a message. */
async function release(tag: string, message?: string): Promise<string> {
  const commit = await repository.commit({ a: tag });
  await repository.git('tag', '-f', ...(message === undefined ? [] : ['-m', message]), tag);
  return commit;
}

const stable: FollowedRef = { kind: 'semver', range: '1.x', tagPrefix: '' };

interface Following {
  readonly name: string;
  readonly ref: FollowedRef;
  /** What the head holds, and is called. */
  readonly a: string;
  readonly branch: string;
}

/** In a repository with the tags of `releases`. */
const followings: readonly Following[] = [
  { name: 'a tag', ref: { kind: 'tag', name: 'v1.0.0' }, a: 'v1.0.0', branch: 'v1.0.0' },
  { name: 'an annotated tag', ref: { kind: 'tag', name: 'v1.9.0' }, a: 'v1.9.0', branch: 'v1.9.0' },
  { name: 'a tag of a tag', ref: { kind: 'tag', name: 'best' }, a: 'v1.10.0', branch: 'best' },
  {
    name: 'a tag with the name of a branch',
    ref: { kind: 'tag', name: 'main' },
    a: 'v1.0.0',
    branch: 'main',
  },
  { name: 'a range', ref: stable, a: 'v1.10.0', branch: 'v1.10.0' },
  {
    name: 'a range after a prefix',
    ref: { kind: 'semver', range: '*', tagPrefix: 'prod/' },
    a: 'prod/1.1.0',
    branch: 'prod/1.1.0',
  },
  {
    name: 'a range with prereleases',
    ref: { kind: 'semver', range: '>=2.0.0-0', tagPrefix: '' },
    a: 'v2.0.0-rc.1',
    branch: 'v2.0.0-rc.1',
  },
];

async function releases(): Promise<void> {
  await release('v1.0.0');
  await repository.git('tag', 'main', 'v1.0.0');
  await release('v1.9.0', 'annotated');
  await release('v1.10.0', 'annotated too');
  await repository.git('tag', '-m', 'nested', 'best', 'v1.10.0');
  await release('prod/1.1.0');
  await release('v2.0.0-rc.1');
  await release('nightly');
}

const ways = [
  { name: 'a local repository', serve: serveLocally },
  { name: 'http', serve: serveOverHttp },
  { name: 'SSH', serve: serveOverSsh },
] as const;

describe.each(ways)('over $name', ({ serve }) => {
  let served: Served;
  let sources: Source[] = [];

  beforeAll(async () => {
    served = await serve(scratch.path);
  }, setUpMs);
  afterAll(() => served[Symbol.asyncDispose]());
  afterEach(async () => {
    for (const source of sources) await source[Symbol.asyncDispose]();
    sources = [];
  });

  async function open(ref: FollowedRef): Promise<Source> {
    const stateDir = join(scratch.path, `state-${count}-${sources.length}`);
    const source = await openTestSource({ stateDir, ref, ...served.facts(repository.path) });
    sources.push(source);
    return source;
  }

  it('is followed by tags of all kinds', async () => {
    await releases();
    const seen = [];
    for (const { name, ref } of followings) {
      const source = await open(ref);
      const { branch, kind } = await source.head(never);
      const { a } = await contentOfHead(source);
      seen.push({ name, a, branch, kind });
    }

    const kind = 'tag';
    expect(seen).toEqual(followings.map(({ name, a, branch }) => ({ name, a, branch, kind })));
  });

  it('follows a tag that is moved, and the next higher version, also out of packed refs', async () => {
    await release('v1.0.0');
    const [tag, range] = [await open({ kind: 'tag', name: 'v1.0.0' }), await open(stable)];
    await contentOfHead(tag);
    await contentOfHead(range);

    const moved = await release('v1.0.0', 'moved');
    const next = await release('v1.0.1', 'next');
    await repository.git('pack-refs', '--all');

    expect((await tag.head(never)).commit).toBe(moved);
    expect((await range.head(never)).commit).toBe(next);
    await repository.git('tag', '-d', 'v1.0.1');
    expect(await range.head(never)).toMatchObject({ branch: 'v1.0.0', commit: moved });
  });

  it('says which tags there are when the one that is followed is not', async () => {
    await releases();
    const said = [];
    for (const ref of [
      { kind: 'tag', name: 'v1.9' },
      { kind: 'semver', range: '3.x', tagPrefix: '' },
      { kind: 'semver', range: '>=2', tagPrefix: '' },
      { kind: 'semver', range: '1.x', tagPrefix: 'fleet-' },
    ] as const) {
      const source = await open(ref);
      expect(await reasonOf(source.head(never))).toBe('TagNotFound');
      said.push(await source.head(never).then(String, messageOf));
    }

    const all = 'It has: v2.0.0-rc.1, v1.10.0, v1.9.0, v1.0.0, prod/1.1.0, nightly, main, best';
    expect(said.map((text) => text.replace(/ in repository \S+\./, ' here.'))).toEqual([
      `Cannot find tag "v1.9" here. Did you mean "v1.9.0"? ${all}`,
      `Cannot find a tag with a version in "3.x", here. ${all}`,
      `Cannot find a tag with a version in ">=2", here. "v2.0.0-rc.1" is a prerelease, which only a range that names one takes, as >=1.0.0-0 does. ${all}`,
      `Cannot find a tag with a version in "1.x" of tags that begin with "fleet-", here. ${all}`,
    ]);
  });

  it('has no tags yet', async () => {
    await repository.commit({ a: '1' });
    const source = await open(stable);

    expect(await source.head(never).then(String, messageOf)).toMatch(/\. It has no tags$/);
    await release('v1.0.0');
    expect(await contentOfHead(source)).toEqual({ a: 'v1.0.0' });
  });

  it('is kept at a commit that is behind a branch, whatever is pushed', async () => {
    const id = await repository.commit({ a: 'kept' });
    await repository.commit({ a: 'later' });
    const source = await open({ kind: 'commit', id });

    expect(await source.head(never)).toMatchObject({
      branch: 'commit',
      kind: 'commit',
      commit: id,
    });
    await repository.commit({ a: 'later still' });
    expect(await contentOfHead(source)).toEqual({ a: 'kept' });
  });

  it('says that a commit is not there, and finds it once it is', async () => {
    await repository.commit({ a: '1' });
    const tree = await repository.git('rev-parse', 'HEAD^{tree}');
    const wanted = (parent: string): Promise<string> =>
      repository.git('commit-tree', tree, '-p', parent, '-m', 'wanted');
    const absent = await open({ kind: 'commit', id: 'a'.repeat(40) });

    expect(await reasonOf(absent.head(never))).toBe('CommitNotFound');
    expect(await absent.head(never).then(String, messageOf)).toMatch(/Push a branch or a tag/);

    const id = await wanted('HEAD');
    const source = await open({ kind: 'commit', id });
    await repository.git('update-ref', 'refs/tags/held', id);
    expect((await source.head(never)).commit).toBe(id);
  });

  it('takes no commit where no branch is followed', async () => {
    const base = await release('v1.0.0');
    const source = await open(stable);
    const { commit } = await source.head(never);
    const change = {
      base: commit,
      edits: new Map(),
      author: 'A <a@b>',
      message: 'm',
      check: never0,
    };

    expect(base).toBe(commit);
    expect(await reasonOf(source.commit(change, never))).toBe('NoBranch');
    expect(await source.commit(change, never).then(String, messageOf)).toMatch(
      /the highest version in "1\.x" is followed, and only a branch takes commits/,
    );
  });

  it('finds revisions by any name, and what is followed stays', async () => {
    const first = await release('v1.0.0');
    await repository.git('checkout', '-q', '-b', 'topic');
    const topic = await repository.commit({ a: 'topic' });
    await repository.git('checkout', '-q', '--detach');
    const pull = await repository.commit({ a: 'pull' });
    await repository.git('update-ref', 'refs/pull/12/head', pull);
    await repository.git('update-ref', 'refs/merge-requests/7/head', topic);
    await repository.git('tag', '-m', 'annotated', 'v0.9.0', pull);
    const source = await open({ kind: 'branch', name: 'main' });
    const head = await source.head(never);

    const found: Record<string, string> = {};
    for (const revision of [
      'main',
      'topic',
      'refs/heads/topic',
      'v1.0.0',
      'v0.9.0',
      'refs/tags/v0.9.0',
      'pull/12/head',
      'refs/pull/12/head',
      'refs/merge-requests/7/head',
      pull,
      first.slice(0, 9),
    ]) {
      const { commit } = await source.resolve(revision, never);
      await source.tree(commit, never);
      found[revision] = commit;
    }

    expect(found).toEqual({
      main: first,
      topic,
      'refs/heads/topic': topic,
      'v1.0.0': first,
      'v0.9.0': pull,
      'refs/tags/v0.9.0': pull,
      'pull/12/head': pull,
      'refs/pull/12/head': pull,
      'refs/merge-requests/7/head': topic,
      [pull]: pull,
      [first.slice(0, 9)]: first,
    });
    expect((await source.resolve('pull/12/head', never)).branch).toBe('pull/12/head');
    expect(await source.head(never)).toEqual(head);
    expect(await contentOfHead(source)).toEqual({ a: 'v1.0.0' });
  });

  it.each(['pull/13/head', 'heads', 'refs/heads/none', 'v9', 'no name', '../x', 'abcdef1'])(
    'has no revision %j, and says what may be named',
    async (revision) => {
      await repository.commit({ a: '1' });
      const source = await open({ kind: 'branch', name: 'main' });

      expect(await reasonOf(source.resolve(revision, never))).toBe('RevisionNotFound');
      expect(await source.resolve(revision, never).then(String, messageOf)).toContain(
        'or a name such as main, v1.4.0 or refs/pull/12/head',
      );
    },
  );

  it('refuses a tag that leads to no commit, and goes on when it does', async () => {
    await repository.commit({ a: '1' });
    await repository.git('tag', 'v1.0.0', 'main:a');
    await repository.git('tag', '-m', 'nested', 'v1.0.1', 'main:a');
    const [tag, range] = [await open({ kind: 'tag', name: 'v1.0.0' }), await open(stable)];

    for (const source of [tag, range]) {
      expect(await reasonOf(source.head(never))).toBe('UnsupportedRepository');
      expect(await source.head(never).then(String, messageOf)).toContain('leads to a blob');
    }
    const commit = await release('v1.0.2');
    expect((await range.head(never)).commit).toBe(commit);
  });

  it('takes a full id for a commit, whatever branch is called so', async () => {
    const id = await repository.commit({ a: 'meant' });
    await repository.git('branch', 'decoy', await repository.commit({ a: 'decoy' }));
    await repository.git('update-ref', `refs/heads/${id}`, 'decoy');
    await repository.git('update-ref', `refs/heads/${'c'.repeat(40)}`, 'decoy');
    const source = await open({ kind: 'branch', name: 'main' });

    expect((await source.resolve(id, never)).commit).toBe(id);
    expect(await reasonOf(source.resolve('c'.repeat(40), never))).toBe('RevisionNotFound');
  });

  it('still reads the commit in force when its tag is gone', async () => {
    const id = await release('v1.0.0');
    const source = await open(stable);
    await source.head(never);

    await repository.git('tag', '-d', 'v1.0.0');

    expect(await reasonOf(source.head(never))).toBe('TagNotFound');
    expect((await source.resolve(id, never)).commit).toBe(id);
  });
});

async function never0(): Promise<void> {
  throw new Error('nothing is to be checked');
}
