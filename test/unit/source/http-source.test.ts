import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { toCommitSha } from '../../../src/model/names.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, scratchFolder } from '../../support/git-repository.ts';
import type { GitServer } from '../../support/git-server.ts';
import { startGitServer } from '../../support/git-server.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let server: GitServer;
/** What every source of this file is opened with. */
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

const big = Array.from({ length: 5000 }, (_, line) => `line ${line * 7919}`).join('\n');

describe('MirrorSource', () => {
  it('clones, and then receives only what is new', async () => {
    await repository.commit({ big, a: '1' });
    await using source = await openTestSource(facts);
    expect(await contentOfHead(source)).toEqual({ big, a: '1' });

    const commit = await repository.commit({ a: '2' });

    expect(await source.head(never)).toMatchObject({ branch: 'main', commit });
    expect(await contentOfHead(source)).toEqual({ big, a: '2' });
    const packs = server.requests.filter(({ phase }) => phase === 'pack');
    expect(packs.map(({ bytes }) => bytes > 2000)).toEqual([true, false]);
  });

  it('asks for the tip only while nothing is new, also after it was opened again', async () => {
    await repository.commit({ a: '1' });
    {
      await using source = await openTestSource(facts);
      await source.head(never);
    }
    server.requests.length = 0;
    await using source = await openTestSource(facts);

    await source.head(never);
    await source.head(never);

    expect(server.requests.filter(({ phase }) => phase === 'pack')).toEqual([]);
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('follows a forced push, and back, and can still read what was before', async () => {
    const root = await repository.commit({ a: '0' });
    const first = await repository.commit({ a: '1' });
    await using source = await openTestSource(facts);
    await source.head(never);

    await repository.git('reset', '-q', '--hard', root);
    const second = await repository.commit({ b: '2' });
    expect(await contentOfHead(source)).toEqual({ a: '0', b: '2' });
    await repository.git('reset', '-q', '--hard', first);
    expect(await contentOfHead(source)).toEqual({ a: '1' });

    const { entries } = await source.tree(toCommitSha(second), never);
    expect([...entries.keys()]).toEqual(['a', 'b']);
  });

  it('is not led astray by a tag of the same name, nor by a longer branch', async () => {
    await repository.commit({ a: 'tagged' });
    await repository.git('branch', 'main-2');
    await repository.git('tag', 'main');
    await repository.commit({ a: 'followed' });
    await using source = await openTestSource(facts);

    expect(await contentOfHead(source)).toEqual({ a: 'followed' });
  });

  it('follows a branch when the default branch of the server is gone', async () => {
    await repository.commit({ a: '1' });
    await repository.git('branch', 'feature/x');
    await repository.git('symbolic-ref', 'HEAD', 'refs/heads/gone');
    await using source = await openTestSource({
      ...facts,
      ref: { kind: 'branch', name: 'feature/x' },
    });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('finds commits by prefix and by branch, asking the server for what it does not know', async () => {
    const first = await repository.commit({ a: '1' });
    await using source = await openTestSource(facts);
    await source.head(never);
    const second = await repository.commit({ a: '2' });

    expect((await source.resolve(first.slice(0, 9), never)).commit).toBe(first);
    expect((await source.resolve(second.slice(0, 9), never)).commit).toBe(second);
    expect((await source.resolve('main', never)).commit).toBe(second);
    expect(await reasonOf(source.resolve('other', never))).toBe('RevisionNotFound');
  });

  it.each([
    {
      name: 'a branch that is not there',
      ref: { kind: 'branch' as const, name: 'mian' },
      reason: 'BranchNotFound',
    },
    { name: 'a path that is not there', path: 'apps', reason: 'PathNotFound' },
  ])('refuses $name', async ({ reason, ...wrong }) => {
    await repository.commit({ a: '1' });
    await using source = await openTestSource({ ...facts, ...wrong });

    expect(await reasonOf(contentOfHead(source))).toBe(reason);
  });

  it('says that a repository is empty, or that there is none', async () => {
    await using empty = await openTestSource(facts);
    await using none = await openTestSource({ ...facts, repository: `${server.url}/none` });

    expect(await reasonOf(empty.head(never))).toBe('RepositoryEmpty');
    expect(await reasonOf(none.head(never))).toBe('RepositoryNotFound');
  });

  it('keeps a second owner out of its mirror until it is closed', async () => {
    const first = await openTestSource(facts);
    expect(await reasonOf(openTestSource(facts))).toBe('MirrorInUse');

    await first[Symbol.asyncDispose]();
    await using second = await openTestSource(facts);
    expect(await reasonOf(second.head(never))).toBe('RepositoryEmpty');
  });

  it('gives up at once when it is cancelled', async () => {
    await repository.commit({ a: '1' });
    server.faults.refs = { kind: 'hang' };
    await using source = await openTestSource(facts);

    await expect(source.head(AbortSignal.timeout(100))).rejects.toHaveProperty(
      'name',
      'TimeoutError',
    );
  });
});

describe('MirrorSource.resolve()', () => {
  it('keeps what it looked at beside what is followed, and only while it is open', async () => {
    const first = await repository.commit({ big, a: '1' });
    const pull = await pullRequest('pull');
    {
      await using source = await openTestSource(facts);
      await source.head(never);
      server.requests.length = 0;
      await source.resolve('pull/1/head', never);
      await source.resolve('pull/1/head', never);
      const packs = server.requests.filter(({ phase }) => phase === 'pack');
      expect(packs.map(({ bytes }) => bytes < 2000)).toEqual([true]);

      const second = await repository.commit({ a: '2' });
      expect((await source.head(never)).commit).toBe(second);
      expect(await content(source, pull)).toBe('pull');
    }
    await repository.git('update-ref', '-d', 'refs/pull/1/head');
    await repository.git('reflog', 'expire', '--expire=now', '--all');
    await repository.git('gc', '-q', '--prune=now');

    await using source = await openTestSource(facts);
    expect((await source.resolve(first, never)).commit).toBe(first);
    expect(await reasonOf(source.resolve(pull, never))).toBe('RevisionNotFound');
  });

  it('looks at it again after the repository was cloned anew', async () => {
    await repository.commit({ big, a: '1' });
    const pull = await pullRequest('pull');
    await using source = await openTestSource({ ...facts, maxPacks: 1 });
    await source.head(never);
    await source.resolve('pull/1/head', never);

    await repository.commit({ a: '2' });
    expect(await contentOfHead(source)).toMatchObject({ a: '2' });

    await source.resolve('pull/1/head', never);
    expect(await content(source, pull)).toBe('pull');
  });

  it('changes nothing when the server sends half of it, and heals', async () => {
    await repository.commit({ big, a: '1' });
    const pull = await pullRequest('pull');
    await using source = await openTestSource(facts);
    const head = await source.head(never);

    server.faults = { pack: { kind: 'cut', at: 200 } };
    expect(await reasonOf(source.resolve('pull/1/head', never))).not.toBe('none');
    expect(await content(source, head.commit)).toBe('1');
    server.faults = {};

    await source.resolve('pull/1/head', never);
    expect(await content(source, pull)).toBe('pull');
    expect(await source.head(never)).toEqual(head);
  });
});

describe('MirrorSource.watch()', () => {
  it('hints when the branch has moved, and not while nothing changes', async () => {
    await repository.commit({ a: '1' });
    await using source = await openTestSource({ ...facts, pollIntervalMs: 50 });
    await source.head(never);
    let hints = 0;
    source.watch(() => {
      hints += 1;
    });
    await sleep(300);
    expect(hints).toBe(0);

    await repository.commit({ a: '2' });

    await expect.poll(() => hints, { timeout: 5000 }).toBeGreaterThan(0);
  });

  it('hints when the highest version of its range is another', async () => {
    await repository.commit({ a: '1' });
    await repository.git('tag', '-m', 'first', 'v1.0.0');
    const ref = { kind: 'semver', range: '1.x', tagPrefix: '' } as const;
    await using source = await openTestSource({ ...facts, ref, pollIntervalMs: 50 });
    await source.head(never);
    let hints = 0;
    source.watch(() => {
      hints += 1;
    });
    await repository.git('tag', 'v2.0.0');
    await sleep(300);
    expect(hints).toBe(0);

    await repository.git('tag', 'v1.0.1');

    await expect.poll(() => hints, { timeout: 5000 }).toBeGreaterThan(0);
    expect((await source.head(never)).branch).toBe('v1.0.1');
  });

  it('hints at a commit that was only looked up by its id', async () => {
    await repository.commit({ a: '1' });
    await using source = await openTestSource({ ...facts, pollIntervalMs: 50 });
    await source.head(never);
    let hints = 0;
    source.watch(() => {
      hints += 1;
    });

    const commit = await repository.commit({ a: '2' });
    expect((await source.resolve(commit, never)).commit).toBe(commit);
    hints = 0;

    await expect.poll(() => hints, { timeout: 5000 }).toBeGreaterThan(0);
  });

  it('hints when the server fails and when it is well again', async () => {
    await repository.commit({ a: '1' });
    await using source = await openTestSource({ ...facts, pollIntervalMs: 50 });
    await source.head(never);
    let hints = 0;
    source.watch(() => {
      hints += 1;
    });

    server.faults.refs = { kind: 'status', status: 503 };
    await expect.poll(() => hints, { timeout: 5000 }).toBeGreaterThan(0);
    expect(await reasonOf(source.head(never))).toBe('GitUnreachable');
    hints = 0;
    delete server.faults.refs;
    await expect.poll(() => hints, { timeout: 5000 }).toBeGreaterThan(0);
  });
});

describe('MirrorSource with a token', () => {
  it('sends it at once, and takes a new one without being opened again', async () => {
    await repository.commit({ a: '1' });
    server.token = 'first';
    const tokenFile = join(scratch.path, 'token');
    await writeFile(tokenFile, 'first\n');
    await using source = await openTestSource({ ...facts, tokenFile });
    expect(await contentOfHead(source)).toEqual({ a: '1' });

    server.token = 'second';
    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
    await writeFile(tokenFile, 'second\n');
    await source.head(never);

    expect(server.requests.every(({ authorization }) => authorization !== undefined)).toBe(true);
  });

  it.each([
    { name: 'none is configured', content: undefined },
    { name: 'its file is empty', content: '\n' },
    { name: 'it is wrong', content: 'wrong' },
  ])('says AuthenticationFailed when $name', async ({ content }) => {
    server.token = 'right';
    const tokenFile = join(scratch.path, 'token');
    if (content !== undefined) await writeFile(tokenFile, content);
    const given = content === undefined ? {} : { tokenFile };
    await using source = await openTestSource({ ...facts, ...given });

    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
  });

  it('warns when anybody on the way could read it', async () => {
    const log: string[] = [];
    const exposed = { ...facts, repository: 'http://git.example.com/r', tokenFile: '/nonexistent' };
    await using source = await openTestSource(exposed, log);

    expect(log.join('')).toContain('token is sent over plain http');
    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
  });
});

/** A commit on top of the head that only a pull request has. */
async function pullRequest(a: string): Promise<string> {
  await repository.git('checkout', '-q', '--detach', 'main');
  const commit = await repository.commit({ a });
  await repository.git('update-ref', 'refs/pull/1/head', commit);
  await repository.git('checkout', '-q', 'main');
  return commit;
}

async function content(source: Source, commit: string): Promise<string> {
  const { entries } = await source.tree(toCommitSha(commit), never);
  return Buffer.from(await source.read(entries.get('a')?.oid ?? '', 1000, never)).toString();
}
