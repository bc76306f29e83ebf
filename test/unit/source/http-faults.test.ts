import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import type { Phase } from '../../support/git-faults.ts';
import type { Fault, GitServer } from '../../support/git-server.ts';
import { startGitServer } from '../../support/git-server.ts';
import { textBelow, wholeOf } from '../../support/leaks.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let server: GitServer;
/** What every source of this file is opened with. */
let facts: {
  readonly repository: string;
  readonly stateDir: string;
  readonly idleTimeoutMs: number;
};

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(join(scratch.path, 'work'));
  server = await startGitServer(scratch.path);
  facts = {
    repository: `${server.url}/work`,
    stateDir: join(scratch.path, 'state'),
    idleTimeoutMs: 1000,
  };
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

interface Case {
  readonly name: string;
  readonly phase: Phase;
  readonly fault: Fault;
  readonly reason: string;
}

const elsewhere = 'http://localhost:1/work/info/refs?service=git-upload-pack';

const cases: readonly Case[] = [
  ...(['refs', 'pack'] as const).flatMap((phase): Case[] => [
    { name: 'hangs', phase, fault: { kind: 'hang' }, reason: 'GitUnreachable' },
    { name: 'fails', phase, fault: { kind: 'status', status: 500 }, reason: 'GitUnreachable' },
    {
      name: 'refuses',
      phase,
      fault: { kind: 'status', status: 403 },
      reason: 'AuthenticationFailed',
    },
    { name: 'shows a page', phase, fault: { kind: 'html' }, reason: 'GitProtocol' },
    { name: 'breaks off', phase, fault: { kind: 'break', at: 100 }, reason: 'GitProtocol' },
    { name: 'ends early', phase, fault: { kind: 'cut', at: 100 }, reason: 'GitProtocol' },
    { name: 'ends before it begins', phase, fault: { kind: 'cut', at: 0 }, reason: 'GitProtocol' },
    {
      name: 'leaves out the flush',
      phase,
      fault: { kind: 'cut-at-packet', packets: 1 },
      reason: 'GitProtocol',
    },
    {
      name: 'redirects elsewhere',
      phase,
      fault: { kind: 'redirect', status: 302, location: elsewhere },
      reason: 'GitProtocol',
    },
  ]),
  {
    name: 'ends after its heading',
    phase: 'refs',
    fault: { kind: 'cut', at: 34 },
    reason: 'GitProtocol',
  },
  {
    name: 'cuts at a packet',
    phase: 'pack',
    fault: { kind: 'cut-at-packet', packets: 2 },
    reason: 'GitProtocol',
  },
  {
    name: 'flips a byte of the pack',
    phase: 'pack',
    fault: { kind: 'flip', at: -60 },
    reason: 'PackCorrupt',
  },
  {
    name: 'flips a byte of the trailer',
    phase: 'pack',
    fault: { kind: 'flip', at: -20 },
    reason: 'PackCorrupt',
  },
];

describe('MirrorSource, when the server', () => {
  it.each(cases)(
    '$name ($phase), keeps what it has and heals',
    async ({ phase, fault, reason }) => {
      const first = await repository.commit({ a: '1', b: 'x'.repeat(300) });
      await using source = await openTestSource(facts);
      const before = await source.head(never);
      await repository.commit({ a: '2', c: 'y'.repeat(300) });

      server.faults[phase] = fault;
      expect(await reasonOf(source.head(never))).toBe(reason);
      expect(await reasonOf(source.head(never))).toBe(reason);
      const { entries } = await source.tree(before.commit, never);
      expect([before.commit, ...entries.keys()]).toEqual([first, 'a', 'b']);

      server.faults = {};
      expect(await contentOfHead(source)).toMatchObject({ a: '2' });
    },
  );

  it.each(cases)(
    '$name ($phase) at the first clone, clones when it is well',
    async ({ phase, fault, reason }) => {
      await repository.commit({ a: '1', b: 'x'.repeat(300) });
      server.faults[phase] = fault;
      await using source = await openTestSource(facts);
      expect(await reasonOf(source.head(never))).toBe(reason);

      server.faults = {};
      expect(await contentOfHead(source)).toMatchObject({ a: '1' });
    },
  );

  it.each([
    { name: 'a pack without the files', revisions: ['HEAD', 'HEAD^{tree}'] },
    { name: 'a pack without the folder', revisions: ['HEAD', 'HEAD:a'] },
    { name: 'an empty pack', revisions: [] },
  ])('sends $name, does not believe it and clones anew', async ({ revisions }) => {
    await repository.commit({ a: '1' });
    await using source = await openTestSource(facts);
    const before = await source.head(never);
    await repository.commit({ a: '2' });
    const pack = await packOf(repository, revisions);

    server.faults.pack = { kind: 'pack', pack };
    expect(await reasonOf(source.head(never))).toBe('PackCorrupt');
    expect((await source.tree(before.commit, never)).entries.size).toBe(1);

    server.faults = {};
    expect(await contentOfHead(source)).toEqual({ a: '2' });
  });

  it('is not there, names it', async () => {
    const { port } = server;
    await server[Symbol.asyncDispose]();
    await using source = await openTestSource(facts);

    await expect(source.head(never)).rejects.toThrow(
      `Cannot reach the repository on 127.0.0.1:${port}: nothing listens at that port`,
    );
  });

  it('sends more than is allowed, stops reading', async () => {
    await repository.commit({ a: '1' });
    await using source = await openTestSource({ ...facts, maxAnswerBytes: 50 });

    await expect(source.head(never)).rejects.toThrow(/larger than 50 bytes/);
  });

  it('redirects within its origin, follows it there', async () => {
    await repository.commit({ a: '1' });
    const location = `${refsOf(server)}?service=git-upload-pack`;
    server.faults.refs = { kind: 'redirect', status: 301, from: '/moved', location };
    await using source = await openTestSource({ ...facts, repository: `${server.url}/moved` });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });
});

describe('MirrorSource gives the token away', () => {
  const token = 'planted-s3cret';
  const encoded = Buffer.from(`x-access-token:${token}`).toString('base64');

  it('to no other port of the host', async () => {
    await repository.commit({ a: '1' });
    await using other = await startGitServer(scratch.path);
    const tokenFile = join(scratch.path, 'token');
    await writeFile(tokenFile, token);
    const location = `${refsOf(other)}?service=git-upload-pack`;
    server.faults.refs = { kind: 'redirect', status: 302, location };
    await using source = await openTestSource({ ...facts, tokenFile });

    expect(await reasonOf(source.head(never))).toBe('GitProtocol');
    expect(other.requests).toEqual([]);
  });

  it('to no error, log or file', async () => {
    await repository.commit({ a: '1' });
    server.token = token;
    const tokenFile = join(scratch.path, 'token');
    await writeFile(tokenFile, token);
    const said: string[] = [];
    await using source = await openTestSource({ ...facts, tokenFile }, said);
    await source.head(never);

    for (const { phase, fault } of cases) {
      await repository.commit({ a: `${phase}-${fault.kind}-${said.length}` });
      server.faults = { [phase]: fault };
      await source.head(never).catch((error: unknown) => said.push(wholeOf(error)));
    }

    expect(said.length).toBeGreaterThanOrEqual(cases.length);
    const written = await textBelow(facts.stateDir);
    expect(written).toContain('accepted.json');
    for (const text of [...said, written]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(encoded);
    }
  });
});

async function packOf(from: GitRepository, revisions: readonly string[]): Promise<Buffer> {
  const oids = await Promise.all(revisions.map((revision) => from.git('rev-parse', revision)));
  const input = oids.map((oid) => `${oid}\n`).join('');
  const name = await runGit(from.path, ['pack-objects', '-q', 'test'], { input });
  return readFile(join(from.path, `test-${name}.pack`));
}

/** Where a server answers with the refs of the repository under test. */
function refsOf({ url }: GitServer): string {
  return [url, 'work', 'info', 'refs'].join('/');
}
