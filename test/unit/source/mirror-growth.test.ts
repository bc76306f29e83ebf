import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { CommitSha } from '../../../src/model/names.ts';
import { toCommitSha } from '../../../src/model/names.ts';
import { MirrorGrowth } from '../../../src/source/mirror-growth.ts';
import { Mirror } from '../../../src/source/mirror.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import type { GitServer } from '../../support/git-server.ts';
import { startGitServer } from '../../support/git-server.ts';
import { contentOfHead, never, openTestSource } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let server: GitServer;
let facts: { readonly repository: string; readonly stateDir: string };

const big = Array.from({ length: 2000 }, (_, line) => `line ${line * 7919}`).join('\n');
const wholeBytes = 5000;

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(join(scratch.path, 'work'));
  server = await startGitServer(scratch.path);
  facts = { repository: `${server.url}/work`, stateDir: join(scratch.path, 'state') };
  await repository.commit({ big, n: '0' });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

async function mirrorFolder(): Promise<string> {
  const [name = ''] = await readdir(join(facts.stateDir, 'git'));
  return join(facts.stateDir, 'git', name);
}

async function packFolder(): Promise<string> {
  return join(await mirrorFolder(), 'mirror.git', 'objects', 'pack');
}

async function packNames(): Promise<readonly string[]> {
  return (await readdir(await packFolder())).filter((file) => file.endsWith('.pack'));
}

/** Commits and fetches them one by one; a last look waits for what is done after each. */
async function fetchCommits(source: Source, count: number): Promise<CommitSha> {
  for (let n = 1; n <= count; n += 1) {
    await repository.commit({ n: String(n), [`apps/${n}`]: `of ${n}` });
    await source.head(never);
  }
  return (await source.head(never)).commit;
}

function countWholePacks(): number {
  return server.requests.filter(({ phase, bytes }) => phase === 'pack' && bytes > wholeBytes)
    .length;
}

async function flipBit(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  await rm(file);
  await writeFile(file, bytes);
}

async function fsck(commit: CommitSha): Promise<void> {
  const gitdir = join(await mirrorFolder(), 'mirror.git');
  await runGit(gitdir, ['fsck', '--strict', '--full', '--no-dangling', commit]);
}

/** A mirror of seven packs that nobody uses. */
async function mirrorOfSeven(): Promise<{ readonly folder: string; readonly commit: CommitSha }> {
  await using source = await openTestSource(facts);
  await source.head(never);
  const commit = await fetchCommits(source, 6);
  return { folder: await mirrorFolder(), commit };
}

describe('a mirror that is fetched into again and again', () => {
  it('holds few packs, for which nothing is fetched again, and the whole history', async () => {
    await using source = await openTestSource({ ...facts, maxPacks: 5 });
    const { commit: first } = await source.head(never);

    const last = await fetchCommits(source, 17);

    expect((await packNames()).length).toBeLessThan(5);
    expect(countWholePacks()).toBe(1);
    expect(await contentOfHead(source)).toMatchObject({ big, n: '17', 'apps/3': 'of 3' });
    expect((await source.lastChange({ file: 'big', line: 1 }, last, never)).commit).toBe(first);
    await fsck(last);
    await source[Symbol.asyncDispose]();
    await using again = await openTestSource(facts);
    expect(await contentOfHead(again)).toMatchObject({ big, n: '17' });
    expect(countWholePacks()).toBe(1);
  });

  it('serves those who read while packs are joined', async () => {
    await using source = await openTestSource({ ...facts, maxPacks: 2 });
    const first = await fetchCommits(source, 5);
    const { entries } = await source.tree(first, never);
    const over = new AbortController();
    let rounds = 0;
    const reading = (async () => {
      for (; !over.signal.aborted; rounds += 1) {
        const { oid = '' } = entries.get(`apps/${1 + (rounds % 5)}`) ?? {};
        const bytes = await source.read(oid, 1000, never);
        expect(Buffer.from(bytes).toString()).toBe(`of ${1 + (rounds % 5)}`);
        await turn();
      }
    })();

    await fetchCommits(source, 10);
    over.abort();
    await reading;

    expect(rounds).toBeGreaterThan(10);
  });

  it.each([
    { name: 'is gone', harm: (file: string) => rm(file) },
    { name: 'has gone bad', harm: flipBit },
  ])('goes on, and is begun anew in the end, when a pack $name', async ({ harm }) => {
    const log: string[] = [];
    await using source = await openTestSource({ ...facts, maxPacks: 3 }, log);
    await source.head(never);
    const whole = await packNames();
    await fetchCommits(source, 1);
    const small = (await packNames()).find((name) => !whole.includes(name)) ?? '';
    await harm(join(await packFolder(), small));

    await fetchCommits(source, 2);
    expect(log.join('')).toContain('cannot be joined now');
    expect(countWholePacks()).toBe(1);
    const last = await fetchCommits(source, 6);

    expect(countWholePacks()).toBe(2);
    expect((await packNames()).length).toBeLessThan(6);
    await fsck(last);
  });

  it('goes on, and says so, when those who read cannot look for the packs anew', async () => {
    const { folder } = await mirrorOfSeven();
    const identity = { url: facts.repository, branch: 'main' };
    const log: string[] = [];
    const logger = pino({}, { write: (line) => void log.push(line) });
    await using mirror = await Mirror.open(folder, identity, logger);
    const growth = new MirrorGrowth(mirror, { maxPacks: 3, logger });

    await growth.joinPacks(never, () => Promise.reject(new Error('too many open files')));

    expect(log.join('')).toContain('too many open files');
    expect(mirror.packCount).toBeLessThan(7);
  });

  it.each([
    { name: 'the new list of packs cannot be written', signal: never, harm: 'accepted.json.new' },
    { name: 'it is ended', signal: AbortSignal.abort(), harm: null },
  ])('is as it was when $name', async ({ signal, harm }) => {
    const { folder, commit } = await mirrorOfSeven();
    const identity = { url: facts.repository, branch: 'main' };
    const before = await packNames();
    {
      await using mirror = await Mirror.open(folder, identity, pino({ level: 'silent' }));
      if (harm !== null) await mkdir(join(folder, harm));
      await expect(mirror.joinPacks(signal)).rejects.toThrow();
      expect(mirror.packCount).toBe(7);
      if (harm !== null) await rm(join(folder, harm), { recursive: true });
    }

    expect(await packNames()).toEqual(before);
    await using source = await openTestSource(facts);
    expect((await source.head(never)).commit).toBe(commit);
    expect(countWholePacks()).toBe(1);
    await fsck(commit);
  });

  it('is made anew when it has grown too large, by what was forced away for one', async () => {
    await using source = await openTestSource({ ...facts, spareBytes: 10_000 });
    const { commit: first } = await source.head(never);
    const accepted = join(await mirrorFolder(), 'accepted.json');
    for (let n = 1; n <= 8; n += 1) {
      await repository.git('reset', '-q', '--hard', first);
      await repository.commit({ other: `${n}\n${big.replaceAll('7', String(n))}` });
      await source.head(never);
    }

    const last = await source.head(never);
    const { packs } = JSON.parse(await readFile(accepted, 'utf8')) as { packs: unknown[] };

    expect(packs.length).toBeLessThan(5);
    await fsck(last.commit);
    expect(await contentOfHead(source)).toHaveProperty('other');
  });

  it('is not made anew without the commit in force, which its branch was rewritten without', async () => {
    const log: string[] = [];
    const inForce = await repository.commit({ inForce: 'yes' });
    {
      await using source = await openTestSource({ ...facts, spareBytes: 10_000 }, log);
      const { commit } = await source.head(never);
      source.keep(commit);
      for (let n = 1; n <= 8; n += 1) {
        await repository.git('reset', '-q', '--hard', `${inForce}~1`);
        await repository.commit({ other: `${n}\n${big.replaceAll('7', String(n))}` });
        await source.head(never);
      }
    }
    await server.stop();

    await using source = await openTestSource(facts);

    expect(log.join('')).toContain(`the commit in force, ${inForce.slice(0, 12)}, would be lost`);
    expect((await source.resolve(inForce, never)).commit).toBe(inForce);
  });

  it('takes what is new all the same when the server does not send the whole again', async () => {
    const log: string[] = [];
    await using source = await openTestSource({ ...facts, spareBytes: -100_000 }, log);
    await source.head(never);
    server.faults = {
      get pack() {
        const { bytes = 0 } = server.requests.at(-1) ?? {};
        return bytes > wholeBytes ? ({ kind: 'status', status: 500 } as const) : undefined;
      },
    };

    const last = await repository.commit({ n: '1' });

    expect((await source.head(never)).commit).toBe(toCommitSha(last));
    expect(log.join('')).toContain('cannot be made smaller now');
    await fsck(toCommitSha(last));
    const asked = countWholePacks();
    await repository.commit({ n: '2' });
    await source.head(never);
    expect(countWholePacks()).toBe(asked);
  });
});
