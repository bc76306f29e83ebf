import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { messageOf } from '../../../src/model/errors.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';
import type { FaultyServer, Served, ServerFaults } from '../../support/served-repository.ts';
import {
  serveLocally,
  serveOverHttp,
  serveOverHttps,
  serveOverSsh,
} from '../../support/served-repository.ts';

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
  await repository.commit({ a: '1', b: lines(300) });
});

/** Text that does not shrink to nothing. */
function lines(number: number): string {
  return Array.from({ length: number }, (_, line) => `line ${line * 7919}`).join('\n');
}

function openAs(served: Served, idleTimeoutMs: number): Promise<Source> {
  return openTestSource({
    stateDir: join(scratch.path, `state-${count}`),
    idleTimeoutMs,
    ...served.facts(repository.path),
  });
}

/** Puts a hundred commits on the branch, each with another `a`. */
async function commitOften(): Promise<void> {
  const tip = await repository.git('rev-parse', 'HEAD');
  const commits = Array.from({ length: 100 }, (_, index) => {
    const text = `often ${index}`;
    const head = `commit refs/heads/main\ncommitter Ada <ada@example.com> ${1_800_000_000 + index} +0000\n`;
    const from = index === 0 ? `from ${tip}\n` : '';
    return `${head}data 1\nx\n${from}M 100644 inline a\ndata ${text.length}\n${text}\n`;
  });
  await runGit(repository.path, ['fast-import', '--quiet', '--force'], { input: commits.join('') });
}

/** What a repository goes through that is well, and what its head holds then. */
const lives: readonly {
  readonly name: string;
  readonly live: () => Promise<unknown>;
  readonly a: string;
  /** Whether there is something new to be sent. */
  readonly isNew: boolean;
}[] = [
  { name: 'nothing new', live: async () => {}, a: '1', isNew: false },
  { name: 'one commit', live: () => repository.commit({ a: '2' }), a: '2', isNew: true },
  { name: 'a hundred commits', live: commitOften, a: 'often 99', isNew: true },
  {
    name: 'a forced push',
    live: async () => {
      await repository.git('checkout', '-q', '--orphan', 'other');
      await repository.commit({ a: 'forced' });
      await repository.git('branch', '-q', '-f', 'main', 'other');
    },
    a: 'forced',
    isNew: true,
  },
];

/** The branch is gone for a while, and comes back with another commit. */
async function loseBranch(source: Source): Promise<void> {
  await repository.git('checkout', '-q', '-b', 'other');
  await repository.git('branch', '-q', '-D', 'main');
  expect(await reasonOf(source.head(never))).toBe('BranchNotFound');
}

async function returnBranch(): Promise<void> {
  await repository.commit({ a: 'back' });
  await repository.git('branch', '-q', 'main');
}

/** Sees to it that what was read before still is, whatever became of the repository. */
async function keptTree(source: Source): Promise<() => Promise<readonly string[]>> {
  const { commit } = await source.head(never);
  return async () => [...(await source.tree(commit, never)).entries.keys()];
}

const ways = [
  { name: 'a local repository', serve: serveLocally, idleTimeoutMs: 0 },
  { name: 'http', serve: serveOverHttp, idleTimeoutMs: 1500 },
  { name: 'https', serve: serveOverHttps, idleTimeoutMs: 1500 },
  // A login takes its time on a busy machine.
  { name: 'SSH', serve: serveOverSsh, idleTimeoutMs: 4000 },
] as const;

describe.each(ways)('a repository over $name', ({ serve, idleTimeoutMs }) => {
  let served: Served;

  beforeAll(async () => {
    served = await serve(scratch.path);
  }, setUpMs);
  afterAll(() => served[Symbol.asyncDispose]());

  it.each(lives)('is followed through $name', async ({ live, a, isNew }) => {
    const { server } = served;
    await server?.packsOfOne();
    await using source = await openAs(served, idleTimeoutMs);
    expect(await contentOfHead(source)).toEqual({ a: '1', b: lines(300) });
    expect((await server?.packsOfOne()) ?? 1).toBe(1);
    await live();

    const { commit } = await source.head(never);

    expect(commit).toBe(await repository.git('rev-parse', 'main'));
    if (server !== null) expect(await server.packsOfOne()).toBe(isNew ? 1 : 0);
    expect(await contentOfHead(source)).toMatchObject({ a });
  });

  it('may lose its branch, and is followed when that is back', async () => {
    await using source = await openAs(served, idleTimeoutMs);
    const kept = await keptTree(source);
    await loseBranch(source);
    expect(await kept()).toEqual(['a', 'b']);

    await returnBranch();
    expect(await contentOfHead(source)).toMatchObject({ a: 'back' });
  });

  it('may be gone, and is followed when it is back', async () => {
    await using source = await openAs(served, idleTimeoutMs);
    const { commit } = await source.head(never);
    await served.stop(repository.path);
    const isLocal = served.server === null;
    const failure = await source.head(never).then(() => 'none', messageOf);
    expect(failure).toMatch(isLocal ? /no such file/ : /127\.0\.0\.1.*nothing listens/);
    if (!isLocal) expect((await source.tree(commit, never)).entries.size).toBe(2);

    await served.start(repository.path);
    await repository.commit({ a: '2' });
    expect(await contentOfHead(source)).toMatchObject({ a: '2' });
  });
});

/** Ten places, near both ends and at both. */
const shares = [0, 0.01, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.99];
const phases = ['refs', 'pack'] as const;

interface Trouble {
  readonly name: string;
  /** One after the other, on the same source. */
  readonly faults: readonly ServerFaults[];
  readonly reason: string;
  readonly message: RegExp;
}

const troubles: readonly Trouble[] = [
  ...phases.flatMap((phase): Trouble[] => [
    {
      name: `hangs (${phase})`,
      faults: [{ [phase]: { kind: 'hang' } }],
      reason: 'GitUnreachable',
      message:
        /^Cannot reach the repository on \S*127\.0\.0\.1\S*: the server sent nothing for [\d.]+ s$/,
    },
    {
      name: `answers with a page (${phase})`,
      faults: [{ [phase]: { kind: 'html' } }],
      reason: 'GitProtocol',
      message: /text\/html|it says "<html>Please log in|cut after 26 bytes/,
    },
    {
      name: `breaks off (${phase})`,
      faults: [{ [phase]: { kind: 'break', at: 100 } }],
      reason: 'GitProtocol',
      message: /(broke off|cut) after \d+ bytes/,
    },
    {
      name: `ends early at ten places (${phase})`,
      faults: shares.map((share) => ({ [phase]: { kind: 'cut-share', share } })),
      reason: 'GitProtocol',
      message: /cut after \d+ bytes/,
    },
  ]),
  {
    name: 'sends another byte in the pack',
    faults: [0.3, 0.5, 0.7, 0.97].map((share) => ({ pack: { kind: 'flip-share', share } })),
    reason: 'PackCorrupt',
    message: /^Cannot accept what \S*127\.0\.0\.1\S* sent: |^Cannot accept what the server sent: /,
  },
];

describe.each(ways.slice(1))('a server that is asked over $name', ({ serve, idleTimeoutMs }) => {
  let served: Served;
  let server: FaultyServer;

  beforeAll(async () => {
    served = await serve(scratch.path);
    if (served.server === null) throw new Error('there is no server');
    ({ server } = served);
  }, setUpMs);
  afterAll(() => served[Symbol.asyncDispose]());
  afterEach(() => server.setFaults({}));

  it.each(troubles)(
    '$name: what was there is kept, and goes on when it is well',
    async ({ faults, reason, message }) => {
      await using source = await openAs(served, idleTimeoutMs);
      const kept = await keptTree(source);
      await repository.commit({ a: '2', c: lines(200) });

      for (const each of faults) {
        await server.setFaults(each);
        const failure: unknown = await source.head(never).catch((error: unknown) => error);
        expect(failure).toMatchObject({ reason, message: expect.stringMatching(message) });
        expect(await kept()).toEqual(['a', 'b']);
      }

      await server.setFaults({});
      expect(await contentOfHead(source)).toMatchObject({ a: '2' });
    },
    60_000,
  );

  it.each(troubles)(
    '$name: is cloned when it is well',
    async ({ faults: [fault = {}], reason }) => {
      await using source = await openAs(served, idleTimeoutMs);
      await server.setFaults(fault);
      expect(await reasonOf(source.head(never))).toBe(reason);

      await server.setFaults({});
      expect(await contentOfHead(source)).toMatchObject({ a: '1' });
    },
  );
});
