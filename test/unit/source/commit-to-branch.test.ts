import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Change } from '../../../src/source/change.ts';
import { gitObject } from '../../../src/source/git-object.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import type { GitServer } from '../../support/git-server.ts';
import { startGitServer } from '../../support/git-server.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let work: GitRepository;
let bare: string;
let server: GitServer;

beforeEach(async () => {
  scratch = await scratchFolder();
  work = await createRepository(join(scratch.path, 'work'));
  bare = join(scratch.path, 'served.git');
  await runGit(scratch.path, ['init', '-q', '--bare', '-b', 'main', bare]);
  await runGit(bare, ['config', 'http.receivepack', 'true']);
  server = await startGitServer(scratch.path);
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

async function pushed(files: Readonly<Record<string, string>>): Promise<string> {
  const commit = await work.commit(files);
  await work.git('push', '-q', bare, 'main');
  return commit;
}

async function writing(source: Source, text: string, branch: string): Promise<Change> {
  const blob = gitObject('blob', Buffer.from(text));
  return {
    branch,
    base: (await source.head(never)).commit,
    edits: new Map([['a', blob.oid]]),
    blobs: new Map([[blob.oid, blob.bytes]]),
    author: 'Fleet <fleet@example.com>',
    message: `Write ${text}`,
    check: async () => undefined,
  };
}

describe.each([
  { kind: 'a folder', place: () => ({ repository: bare }) },
  {
    kind: 'a server',
    place: () => ({
      repository: `${server.url}/served.git`,
      stateDir: join(scratch.path, 'state'),
    }),
  },
])('Source.commit() to another branch of $kind', ({ place }) => {
  it('makes the branch, and leaves what is followed where it is', async () => {
    const head = await pushed({ a: '1', b: '1' });
    await using source = await openTestSource(place());

    const made = await source.commit(await writing(source, 'new', 'fixes/web'), never);

    const tip = await runGit(bare, ['rev-parse', 'fixes/web']);
    expect(made).toMatchObject({
      kind: 'committed',
      parent: head,
      revision: { branch: 'fixes/web', commit: tip },
    });
    expect(await runGit(bare, ['show', 'fixes/web:a'])).toBe('new');
    expect(await runGit(bare, ['rev-parse', 'fixes/web~1', 'main'])).toBe(`${head}\n${head}`);
    expect(await runGit(bare, ['fsck', '--strict'])).toBe('');
    expect(await source.head(never)).toMatchObject({ branch: 'main', commit: head });
    expect(await contentOfHead(source)).toMatchObject({ a: '1' });
  });

  it('goes on top of a branch that is there, unless it has changed the same file', async () => {
    await pushed({ a: '1', b: '1' });
    await work.git('switch', '-q', '-c', 'fixes');
    const theirs = await work.commit({ b: '2' });
    await work.git('push', '-q', bare, 'fixes');
    await using source = await openTestSource(place());

    await source.commit(await writing(source, 'mine', 'fixes'), never);

    expect(await runGit(bare, ['rev-parse', 'fixes~1'])).toBe(theirs);
    expect(await reasonOf(source.commit(await writing(source, 'other', 'fixes'), never))).toBe(
      'ChangeConflict',
    );
    expect(await source.commit(await writing(source, 'mine', 'fixes'), never)).toMatchObject({
      kind: 'unchanged',
    });
  });

  it('is made anew when somebody else makes the branch at the same time', async () => {
    await pushed({ a: '1', b: '1' });
    await using source = await openTestSource(place());
    const bases: string[] = [];
    const change: Change = {
      ...(await writing(source, 'mine', 'fixes')),
      check: async ({ commit }) => {
        bases.push(commit);
        if (bases.length > 1) return;
        await work.git('switch', '-q', '-c', 'fixes');
        await work.commit({ b: 'theirs' });
        await work.git('push', '-q', bare, 'fixes');
      },
    };

    await source.commit(change, never);

    expect(bases).toHaveLength(2);
    expect(await runGit(bare, ['show', 'fixes:b'])).toBe('theirs');
    expect(await runGit(bare, ['show', 'fixes:a'])).toBe('mine');
  });

  it.each(['a..b', '-x', 'with space', 'end.lock', '', 'HEAD', 'refs/heads/x'])(
    'takes no branch "%s"',
    async (name) => {
      await pushed({ a: '1' });
      await using source = await openTestSource(place());

      expect(await reasonOf(source.commit(await writing(source, 'x', name), never))).toBe(
        'NoBranch',
      );
    },
  );
});
