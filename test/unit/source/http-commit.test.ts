import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { messageOf } from '../../../src/model/errors.ts';
import { toCommitSha } from '../../../src/model/names.ts';
import type { Change } from '../../../src/source/change.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import type { GitServer } from '../../support/git-server.ts';
import { startGitServer } from '../../support/git-server.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
/** Where a colleague works, who pushes to the server. */
let work: GitRepository;
let bare: string;
let server: GitServer;
let facts: { readonly repository: string; readonly stateDir: string };

beforeEach(async () => {
  scratch = await scratchFolder();
  work = await createRepository(join(scratch.path, 'work'));
  bare = join(scratch.path, 'served.git');
  await runGit(scratch.path, ['init', '-q', '--bare', '-b', 'main', bare]);
  await runGit(bare, ['config', 'http.receivepack', 'true']);
  server = await startGitServer(scratch.path);
  facts = { repository: `${server.url}/served.git`, stateDir: join(scratch.path, 'state') };
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

async function pushed(
  files: Readonly<Record<string, string>>,
  message = 'change',
): Promise<string> {
  const commit = await work.commit(files, message);
  await work.git('push', '-q', bare, 'main');
  return commit;
}

/** Takes `a` back to what it was in an older commit. */
async function takeBack(
  source: Source,
  older: string,
  more: Partial<Change> = {},
): Promise<Change> {
  const { commit: base } = await source.head(never);
  const { entries } = await source.tree(toCommitSha(older), never);
  return {
    base,
    edits: new Map([['a', entries.get('a')?.oid ?? null]]),
    author: 'Fleet <fleet@example.com>',
    message: 'Take a back\n\nWhy: because',
    check: async () => undefined,
    ...more,
  };
}

describe('MirrorSource.commit()', () => {
  it('pushes one commit on top of the branch that changes just the files named', async () => {
    const old = await pushed({ a: '1', 'deep/b': '1' });
    const head = await pushed({ a: '2', 'unit\\x2d.swap': 'odd' });
    await using source = await openTestSource(facts);

    const result = await source.commit(await takeBack(source, old), never);

    const tip = await runGit(bare, ['rev-parse', 'main']);
    expect(result).toMatchObject({
      kind: 'committed',
      parent: head,
      revision: { branch: 'main', commit: tip, subject: 'Take a back' },
    });
    expect(await runGit(bare, ['log', '-1', '--format=%P|%an|%ae|%cn|%B', 'main'])).toBe(
      `${head}|Fleet|fleet@example.com|Fleet|Take a back\n\nWhy: because\n`.trimEnd(),
    );
    expect(await runGit(bare, ['diff', '--name-status', head, 'main'])).toBe('M\ta');
    expect(await runGit(bare, ['fsck', '--strict'])).toBe('');
    expect(await contentOfHead(source)).toMatchObject({ a: '1', 'unit\\x2d.swap': 'odd' });
  });

  it('sends no more than what is new, and leaves nothing behind beside the mirror', async () => {
    const big = Array.from({ length: 5000 }, (_, line) => `line ${line * 7919}`).join('\n');
    const old = await pushed({ a: '1', big });
    await pushed({ a: '2' });
    await using source = await openTestSource(facts);
    await source.commit(await takeBack(source, old), never);

    const packs = server.requests.filter(({ phase }) => phase === 'pack');
    expect(packs.map(({ bytes }) => bytes > 2000)).toEqual([true, false]);
    const [mirror = ''] = await readdir(join(scratch.path, 'state', 'git'));
    expect(await readdir(join(scratch.path, 'state', 'git', mirror))).not.toContain('outgoing.git');
  });

  it('is made anew on what a colleague pushed meanwhile, and never forced', async () => {
    const old = await pushed({ a: '1', b: '1' });
    await pushed({ a: '2' });
    await using source = await openTestSource(facts);
    const checked: (string | undefined)[] = [];
    let theirs = '';

    const change = await takeBack(source, old, {
      check: async ({ commit }) => {
        checked.push(commit);
        if (theirs === '') theirs = await pushed({ b: '2' }, 'theirs');
      },
    });
    const result = await source.commit(change, never);

    expect(result).toMatchObject({ kind: 'committed', parent: theirs });
    expect(checked).toEqual([change.base, theirs]);
    expect(await runGit(bare, ['log', '--format=%s', 'main'])).toBe(
      'Take a back\ntheirs\nchange\nchange',
    );
    expect(await contentOfHead(source)).toEqual({ a: '1', b: '2' });
  });

  it('gives way to a newer commit that changed the same file', async () => {
    const old = await pushed({ a: '1' });
    await pushed({ a: '2' });
    await using source = await openTestSource(facts);
    const change = await takeBack(source, old);
    const newer = await pushed({ a: '3' });

    const failure = await source.commit(change, never).catch(messageOf);

    expect(failure).toMatch(/^Cannot commit to repository http.*, a changed; the branch is at/);
    expect(await runGit(bare, ['rev-parse', 'main'])).toBe(newer);
  });

  it('has nothing to do when the head is as asked, also when somebody else made it so', async () => {
    const old = await pushed({ a: '1' });
    await pushed({ a: '2' });
    await using source = await openTestSource(facts);
    const change = await takeBack(source, old);
    const theirs = await pushed({ a: '1' });

    expect(await source.commit(change, never)).toMatchObject({
      kind: 'unchanged',
      head: { commit: theirs },
    });
  });

  it('is not pushed when the check throws', async () => {
    const old = await pushed({ a: '1' });
    const head = await pushed({ a: '2' });
    await using source = await openTestSource(facts);
    const change = await takeBack(source, old, {
      check: async ({ entries }) => {
        throw new Error(`judged ${[...entries.keys()].join()}`);
      },
    });

    await expect(source.commit(change, never)).rejects.toThrow('judged a');
    expect(await runGit(bare, ['rev-parse', 'main'])).toBe(head);
  });

  it('says what a hook of the server says, and does not try again', async () => {
    const old = await pushed({ a: '1' });
    await pushed({ a: '2' });
    const hook = join(bare, 'hooks', 'pre-receive');
    await writeFile(hook, '#!/bin/sh\necho "main is protected" >&2\nexit 1\n');
    await chmod(hook, 0o755);
    await using source = await openTestSource(facts);

    const failure = await source.commit(await takeBack(source, old), never).catch(messageOf);

    expect(failure).toContain('pre-receive hook declined; main is protected');
    expect(server.requests.filter(({ phase }) => phase === 'push')).toHaveLength(1);
  });

  it('looks at the branch when the answer to a push is lost', async () => {
    const old = await pushed({ a: '1' });
    await pushed({ a: '2' });
    await using source = await openTestSource(facts);
    const change = await takeBack(source, old);
    server.faults.push = { kind: 'break', at: 3 };

    const result = await source.commit(change, never);

    expect(result.kind).toBe('committed');
    expect(await contentOfHead(source)).toEqual({ a: '1' });
    expect(await runGit(bare, ['rev-list', '--count', 'main'])).toBe('3');
  });

  it.each([
    { name: 'the server fails', status: 503, reason: 'GitUnreachable' },
    { name: 'the token may only read', status: null, reason: 'AuthenticationFailed' },
  ])('says $reason when $name, and is well afterwards', async ({ status, reason }) => {
    const old = await pushed({ a: '1' });
    await pushed({ a: '2' });
    await using source = await openTestSource(facts);
    const change = await takeBack(source, old);
    if (status === null) await runGit(bare, ['config', 'http.receivepack', 'false']);
    else server.faults.refs = { kind: 'status', status };

    expect(await reasonOf(source.commit(change, never))).toBe(reason);

    delete server.faults.refs;
    await runGit(bare, ['config', 'http.receivepack', 'true']);
    expect((await source.commit(change, never)).kind).toBe('committed');
  });

  it('never shows the token', async () => {
    const token = 'planted-token-9c1e';
    server.token = token;
    const tokenFile = join(scratch.path, 'token');
    await writeFile(tokenFile, token);
    const old = await pushed({ a: '1' });
    await pushed({ a: '2' });
    const log: string[] = [];
    await using source = await openTestSource({ ...facts, tokenFile }, log);
    const change = await takeBack(source, old);
    server.token = 'another';

    const refused = await source.commit(change, never).then(() => 'taken', String);
    server.token = token;
    await source.commit(change, never);

    expect(refused).toContain('refuses access');
    expect(refused + log.join('')).not.toContain(token);
    expect(refused).not.toContain(Buffer.from(`x-access-token:${token}`).toString('base64'));
    const [mirror = ''] = await readdir(join(scratch.path, 'state', 'git'));
    const config = await runGit(join(scratch.path, 'state', 'git', mirror), [
      'config',
      '--file=mirror.git/config',
      '--list',
    ]);
    expect(config).not.toContain(token);
  });

  it('tells those who watch', async () => {
    const old = await pushed({ a: '1' });
    await pushed({ a: '2' });
    await using source = await openTestSource(facts);
    let hints = 0;
    source.watch(() => {
      hints += 1;
    });

    await source.commit(await takeBack(source, old), never);

    expect(hints).toBe(1);
  });
});

describe('Source.versions()', () => {
  it('gives the commits that changed one of the files, newest first', async () => {
    const first = await pushed({ a: '1', b: '1', c: '1' }, 'first');
    const second = await pushed({ b: '2' }, 'second');
    await pushed({ c: '2' }, 'other');
    const head = await pushed({ a: '3' }, 'third');
    await using source = await openTestSource(facts);
    const { commit } = await source.head(never);

    const all = await source.versions(['a', 'b'], commit, 10, never);

    expect(all.map((each) => each.commit)).toEqual([head, second, first]);
    expect(await source.versions(['a', 'b'], commit, 1, never)).toEqual([all[0]]);
    expect(await source.versions(['none'], commit, 10, never)).toEqual([]);
  });
});
