import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openJournal } from '../../../src/journal/open-journal.ts';
import { Follower } from '../../../src/reconcile/follower.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { eventually } from '../../support/eventually.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import type { GitServer } from '../../support/git-server.ts';
import { startGitServer } from '../../support/git-server.ts';
import { testKey } from '../../support/load-files.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';
import { createTeam, following, setSubmodule } from '../../support/submodules.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let server: GitServer;
let facts: { readonly repository: string; readonly stateDir: string };

const logger = pino({ level: 'silent' });
const text = Array.from({ length: 400 }, (_, line) => `line ${line * 7919}`).join('\n');

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

interface PlacedObject {
  /** Path of the pack without its ending. */
  readonly base: string;
  /** In bytes from the beginning of the pack. */
  readonly offset: number;
}

/** Where the mirrors have an object. */
async function placesOf(oid: string): Promise<readonly PlacedObject[]> {
  const found: PlacedObject[] = [];
  for (const mirror of await readdir(join(facts.stateDir, 'git'))) {
    const folder = join(facts.stateDir, 'git', mirror, 'mirror.git', 'objects', 'pack');
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.idx'))) {
      const base = join(folder, file.slice(0, -4));
      const listed = await runGit(folder, ['verify-pack', '-v', `${base}.idx`]);
      const line = listed.split('\n').find((each) => each.startsWith(oid));
      if (line !== undefined) found.push({ base, offset: Number(line.split(/\s+/)[4]) });
    }
  }
  return found;
}

/** Flips a bit of an object in place, as a disk does it. */
async function flip({ base, offset }: PlacedObject): Promise<void> {
  const at = offset + 12;
  const byte = (await readFile(`${base}.pack`)).readUInt8(at);
  const handle = await open(`${base}.pack`, 'r+');
  await handle.write(Buffer.from([byte ^ 0x10]), 0, 1, at);
  await handle.close();
}

async function damage(revision: string): Promise<void> {
  const [place] = await placesOf(await repository.git('rev-parse', revision));
  await flip(place ?? expect.fail(`no mirror holds ${revision}`));
}

function app(more: string): string {
  return `services: { web: { image: "app:1"${more} } }\n`;
}

/** How often the server was asked for packs since the last call. */
function packsSent(): number {
  return server.requests.splice(0).filter(({ phase }) => phase === 'pack').length;
}

describe('a mirror that goes bad while it is followed', () => {
  it('is begun anew with the next poll, and the commit in force stays until then', async () => {
    const fleet = 'name: test\nhosts: [{ name: h, endpoint: "tcp://192.0.2.1:2376" }]\n';
    const first = await repository.commit({
      'fleet.yaml': fleet,
      'shop/compose.yaml': app(''),
      'shop/env': text.replaceAll(' ', '='),
    });
    using journal = openJournal(facts.stateDir, logger);
    const log: string[] = [];
    await using source = await openTestSource({ ...facts, pollIntervalMs: 50 }, log);
    const accepted: string[] = [];
    await using follower = new Follower({
      source,
      journal,
      logger: pino({ level: 'trace' }, { write: (line) => void log.push(line) }),
      nonFastForward: 'refuse',
      path: '',
      key: testKey,
      cache: new Map(),
      onAccepted: ({ desired: { revision } }) => {
        accepted.push(revision.commit);
        journal.accept(revision, ['shop']);
      },
    });
    await follower.start();
    await eventually('the first commit', async () => journal.accepted());
    await damage(`${first}:shop/env`);

    const second = await repository.commit({ 'shop/compose.yaml': app(', env_file: env') });

    await eventually('the second commit', async () =>
      journal.accepted()?.commit === second ? true : null,
    );
    expect(accepted).toEqual([first, second]);
    expect(log.join('')).toContain('Cannot read blob');
    expect(log.join('')).toContain('mirror is damaged: the repository is received anew');
    expect(packsSent()).toBe(3);
  });

  it.each(['HEAD', 'HEAD:', 'HEAD:text', 'HEAD:a'])(
    'heals when %s cannot be read',
    async (what) => {
      await repository.commit({ text });
      await repository.commit({ a: text.toUpperCase() });
      {
        await using source = await openTestSource(facts);
        await source.head(never);
      }
      await using source = await openTestSource(facts);
      await damage(what);
      packsSent();

      expect(await reasonOf(contentOfHead(source))).toBe('PackCorrupt');
      expect(await contentOfHead(source)).toEqual({ text, a: text.toUpperCase() });
      expect(packsSent()).toBe(1);
      expect(await contentOfHead(source)).toMatchObject({ text });
      expect(packsSent()).toBe(0);
    },
  );

  it('heals when its pack is gone', async () => {
    await repository.commit({ text });
    {
      await using source = await openTestSource(facts);
      await source.head(never);
    }
    await using source = await openTestSource(facts);
    const [place] = await placesOf(await repository.git('rev-parse', 'HEAD'));
    await rm(`${place?.base}.pack`);
    await rm(`${place?.base}.idx`);

    expect(await reasonOf(contentOfHead(source))).toBe('PackCorrupt');
    expect(await contentOfHead(source)).toEqual({ text });
  });

  it('does not ask for everything again and again', async () => {
    await repository.commit({ a: text, b: text.toUpperCase(), c: text.replaceAll(' ', '=') });
    let later = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + later };
    await using source = await openTestSource({ ...facts, clock });
    await source.head(never);
    packsSent();
    const asked: number[] = [];
    const lookAt = async (file: string): Promise<string> => {
      await source.head(never);
      asked.push(packsSent());
      const oid = await repository.git('rev-parse', `HEAD:${file}`);
      return reasonOf(source.read(oid, 100_000, never));
    };

    await damage('HEAD:a');
    expect(await lookAt('a')).toBe('PackCorrupt');
    expect(await lookAt('a')).toBe('none');
    await damage('HEAD:b');
    expect(await lookAt('b')).toBe('PackCorrupt');
    expect(await lookAt('b')).toBe('PackCorrupt');
    later = 11 * 60_000;
    expect(await lookAt('b')).toBe('none');
    expect(await lookAt('c')).toBe('none');
    expect(asked).toEqual([0, 1, 0, 0, 1, 0]);
  });

  it('keeps the commit in force that the server has no more', async () => {
    const inForce = await repository.commit({ text, a: '1' });
    await using source = await openTestSource(facts);
    source.keep((await source.head(never)).commit);
    await repository.git('checkout', '-q', '--orphan', 'other');
    await repository.commit({ a: text.toUpperCase() });
    await repository.git('branch', '-q', '-f', 'main', 'other');
    await repository.git('reflog', 'expire', '--expire=now', '--all');
    await source.head(never);
    await damage('HEAD:a');
    const blob = await repository.git('rev-parse', 'HEAD:a');
    expect(await reasonOf(source.read(blob, 100_000, never))).toBe('PackCorrupt');

    expect(await contentOfHead(source)).toMatchObject({ a: text.toUpperCase() });
    const kept = await source.resolve(inForce, never);
    expect([...(await source.tree(kept.commit, never)).entries.keys()]).toEqual(['a', 'text']);
  });

  it('heals as the mirror of a submodule, too', async () => {
    const team = await createTeam(join(scratch.path, 'team'));
    await setSubmodule(team.fleet, 'lib', '../lib', await team.lib.git('rev-parse', 'HEAD'));
    await using source = await openTestSource({
      ...facts,
      repository: `${server.url}/team/fleet`,
      submodules: following('same-host'),
    });
    const { commit } = await source.head(never);
    await source.tree(commit, never);
    const [place] = await placesOf(await team.lib.git('rev-parse', 'HEAD:a'));
    await flip(place ?? expect.fail('no mirror of the submodule'));

    expect(await reasonOf(contentOfHead(source))).toBe('PackCorrupt');
    expect(await contentOfHead(source)).toMatchObject({ 'lib/a': 'lib 1' });
  });
});
