import { chmod, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { messageOf } from '../../../../src/model/errors.ts';
import { toCommitSha } from '../../../../src/model/names.ts';
import type { SourceOptions } from '../../../../src/source/source-options.ts';
import type { Source } from '../../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../../support/git-repository.ts';
import { runGit, scratchFolder } from '../../../support/git-repository.ts';
import {
  contentOfHead,
  never,
  openTestSource,
  reasonOf,
} from '../../../support/open-test-source.ts';
import type { Served } from '../../../support/served-repository.ts';
import { serveLocally, serveOverHttp, serveOverSsh } from '../../../support/served-repository.ts';
import {
  createTeam,
  filesByGit,
  following,
  moveSubmodule,
  setSubmodule,
} from '../../../support/submodules.ts';

let scratch: ScratchFolder;
let fleet: GitRepository;
let lib: GitRepository;
let count = 0;

/** A server may have to be installed first. */
const setUpMs = 120_000;

beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

beforeEach(async () => {
  count += 1;
  ({ fleet, lib } = await createTeam(join(scratch.path, `team-${count}`)));
});

function stateDir(): string {
  return join(scratch.path, `state-${count}`);
}

async function filesOf(source: Source, commit: string): Promise<Record<string, string>> {
  const { entries } = await source.tree(toCommitSha(commit), never);
  return Object.fromEntries([...entries.values()].map(({ path, oid }) => [path, oid]));
}

async function whyNot(source: Source): Promise<string> {
  return contentOfHead(source).then(() => 'it is read', messageOf);
}

const ways = [
  { name: 'a local repository', serve: serveLocally },
  { name: 'http', serve: serveOverHttp },
  { name: 'SSH', serve: serveOverSsh },
] as const;

describe.each(ways)('submodules over $name', ({ serve }) => {
  let served: Served;

  beforeAll(async () => {
    served = await serve(scratch.path);
  }, setUpMs);
  afterAll(() => served[Symbol.asyncDispose]());

  function open(more: Partial<SourceOptions> = {}): Promise<Source> {
    const facts = served.facts(fleet.path);
    return openTestSource({
      stateDir: stateDir(),
      submodules: following('same-host'),
      ...facts,
      ...more,
    });
  }

  it('are one tree with the repository around them, as native Git has it', async () => {
    const first = await lib.git('rev-parse', 'HEAD');
    const before = await setSubmodule(fleet, 'vendor/lib', '../lib', first);
    await setSubmodule(fleet, 'vendor/again', './../lib', first);
    await lib.commit({ a: 'lib 2', 'env/web': 'X=2' });
    await chmod(join(lib.path, 'a'), 0o755);
    const after = await moveSubmodule(fleet, 'vendor/lib', await lib.commit({ b: 'lib 3' }));
    await using source = await open();

    expect(await contentOfHead(source)).toMatchObject({
      a: 'fleet 1',
      'vendor/lib/a': 'lib 2',
      'vendor/lib/b': 'lib 3',
      'vendor/again/a': 'lib 1',
      'vendor/lib/inner/x/bottom': 'deep 1',
    });
    for (const commit of [after, before]) {
      expect(await filesOf(source, commit)).toEqual(await filesByGit(fleet, commit, scratch.path));
    }
    const { commit } = await source.head(never);
    expect((await source.tree(commit, never)).entries.get('vendor/lib/a')?.executable).toBe(true);
    expect((await source.lastChange({ file: 'vendor/lib/a', line: 1 }, commit, never)).commit).toBe(
      after,
    );
    expect(
      (await source.lastChange({ file: 'vendor/again/a', line: 1 }, commit, never)).subject,
    ).toBe('move vendor/again');
  });

  it('are followed through what becomes of them, and read while their server is away', async () => {
    const { server } = served;
    const first = await lib.git('rev-parse', 'HEAD');
    const before = await setSubmodule(fleet, 'lib', '../lib', first);
    await using source = await open();
    expect(await contentOfHead(source)).toMatchObject({ 'lib/a': 'lib 1' });
    await server?.packsOfOne();

    await moveSubmodule(fleet, 'lib', await lib.commit({ a: 'lib 2' }));
    expect(await contentOfHead(source)).toMatchObject({ 'lib/a': 'lib 2' });
    const back = await moveSubmodule(fleet, 'lib', first);
    expect(await contentOfHead(source)).toMatchObject({ 'lib/a': 'lib 1' });
    await source[Symbol.asyncDispose]();

    if (server !== null) await served.stop(fleet.path);
    await using again = await open();
    const kept = await again.resolve(back, never);
    expect(kept.commit).toBe(back);
    expect(Object.keys(await filesOf(again, back))).toContain('lib/inner/x/bottom');
    expect(await filesOf(again, back)).toEqual(await filesOf(again, before));
    if (server !== null) await served.start(fleet.path);
  });

  it('keep a commit out that names one of theirs which is nowhere, until that is pushed', async () => {
    await setSubmodule(fleet, 'lib', '../lib', await lib.git('rev-parse', 'HEAD'));
    await using source = await open();
    const inForce = (await source.head(never)).commit;
    await source.tree(inForce, never);
    const missing = 'd'.repeat(40);
    const lost = await moveSubmodule(fleet, 'lib', missing);

    const said = await whyNot(source);

    expect(said).toContain('Cannot read submodule "lib" of repository ');
    expect(said).toContain(`(.gitmodules:3): Cannot find commit ${missing} in repository `);
    expect((await source.head(never)).commit).toBe(lost);
    expect(await reasonOf(source.tree(toCommitSha(lost), never))).toBe('CommitNotFound');
    expect(Object.keys(await filesOf(source, inForce))).toContain('lib/a');

    // Not yet pushed, and then on a branch that the server does not give out first.
    await lib.git('checkout', '-q', '-b', 'late');
    const late = await lib.commit({ a: 'late' });
    await lib.commit({ a: 'later' });
    await lib.git('checkout', '-q', 'main');
    const branch = await lib.git('rev-parse', 'late');
    await moveSubmodule(fleet, 'lib', late);
    await lib.git('branch', '-q', '-D', 'late');
    await lib.git('reflog', 'expire', '--expire=now', '--all');
    await lib.git('branch', '-q', 'late', branch);
    expect(await contentOfHead(source)).toMatchObject({ 'lib/a': 'late' });
  });

  it('may hold the path that is followed', async () => {
    await setSubmodule(fleet, 'lib', '../lib', await lib.git('rev-parse', 'HEAD'));
    await using source = await open({ path: 'lib/inner/x' });
    await using beside = await open({ path: 'lib/y', stateDir: `${stateDir()}-beside` });

    expect(await contentOfHead(source)).toEqual({ 'lib/inner/x/bottom': 'deep 1' });
    expect(await reasonOf(contentOfHead(beside))).toBe('PathNotFound');
  });

  it('are not written to, and what is written beside them is checked with them', async () => {
    const first = await lib.git('rev-parse', 'HEAD');
    const older = await setSubmodule(fleet, 'lib', '../lib', first);
    await fleet.commit({ a: 'fleet 2' });
    await moveSubmodule(fleet, 'lib', await lib.commit({ a: 'lib 2' }));
    await fleet.git('config', 'receive.denyCurrentBranch', 'ignore');
    await fleet.git('config', 'http.receivepack', 'true');
    await fleet.git('checkout', '-q', '--detach');
    await using source = await open();
    const { commit: base } = await source.head(never);
    const { entries } = await source.tree(toCommitSha(older), never);
    const checked: string[] = [];
    const change = (path: string): Parameters<Source['commit']>[0] => ({
      base,
      edits: new Map([[path, entries.get(path)?.oid ?? null]]),
      author: 'Fleet <fleet@example.com>',
      message: 'Take back',
      check: async (tree) => void checked.push(...tree.entries.keys()),
    });

    const inside = source.commit(change('lib/a'), never);
    await expect(inside).rejects.toThrow('Cannot change "lib": it is a submodule');
    expect(await reasonOf(inside)).toBe('ChangeConflict');
    expect(checked).toEqual([]);

    expect((await source.commit(change('a'), never)).kind).toBe('committed');
    expect(checked).toContain('lib/inner/x/bottom');
    expect(await contentOfHead(source)).toMatchObject({ a: 'fleet 1', 'lib/a': 'lib 2' });
  });
});

describe('submodules of a local repository', () => {
  it('are read where Git has checked them out, wherever they come from', async () => {
    await setSubmodule(fleet, 'lib', lib.path, await lib.git('rev-parse', 'HEAD'));
    const copy = join(scratch.path, `elsewhere-${count}`, 'copy');
    await mkdir(dirname(copy), { recursive: true });
    await runGit(scratch.path, ['clone', '-q', fleet.path, copy]);
    await using source = await openTestSource({
      repository: copy,
      submodules: following('same-host'),
      pollIntervalMs: 20,
    });
    const { commit } = await source.head(never);
    expect(await whyNot(source)).toContain(
      `does not allow ${lib.path}. Run git submodule update --init --recursive there, or add where`,
    );

    const allowed = ['-c', 'protocol.file.allow=always'];
    await runGit(copy, [...allowed, 'submodule', '-q', 'update', '--init', '--recursive']);
    await rm(join(copy, 'lib'), { recursive: true });

    expect(await filesOf(source, commit)).toEqual(await filesByGit(fleet, commit, scratch.path));
    expect(await readdir(join(copy, '.git', 'modules'))).toEqual(['lib']);
    expect(await readFile(join(copy, '.git', 'modules', 'lib', 'HEAD'), 'utf8')).toMatch(/./);
  });

  it('are hinted at until they are there', async () => {
    await setSubmodule(fleet, 'lib', '../lib', await lib.git('rev-parse', 'HEAD'));
    await using source = await openTestSource({
      repository: fleet.path,
      submodules: following('same-host'),
      pollIntervalMs: 20,
    });
    await rename(lib.path, `${lib.path}.away`);
    expect(await reasonOf(contentOfHead(source))).toBe('RepositoryNotFound');
    await rename(`${lib.path}.away`, lib.path);

    await new Promise<void>((resolve) => {
      source.watch(resolve);
    });

    expect(await contentOfHead(source)).toMatchObject({ 'lib/a': 'lib 1' });
  });
});
