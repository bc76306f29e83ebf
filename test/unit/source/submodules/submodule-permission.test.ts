import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { messageOf } from '../../../../src/model/errors.ts';
import { loadRevision } from '../../../../src/reconcile/load-revision.ts';
import type { SourceOptions } from '../../../../src/source/source-options.ts';
import type { Source } from '../../../../src/source/source.ts';
import { parseSubmoduleRule } from '../../../../src/source/submodules/submodule-rule.ts';
import type { GitRepository, ScratchFolder } from '../../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../../support/git-repository.ts';
import { startGitServer, type GitServer } from '../../../support/git-server.ts';
import { testKey } from '../../../support/load-files.ts';
import {
  contentOfHead,
  never,
  openTestSource,
  reasonOf,
} from '../../../support/open-test-source.ts';
import { createTeam, following, moveSubmodule, setSubmodule } from '../../../support/submodules.ts';

let scratch: ScratchFolder;
let fleet: GitRepository;
let lib: GitRepository;
let deep: GitRepository;
let count = 0;

beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

beforeEach(async () => {
  count += 1;
  ({ fleet, lib, deep } = await createTeam(join(scratch.path, `team-${count}`)));
});

function stateDir(): string {
  return join(scratch.path, `state-${count}`);
}

async function whyNot(source: Source): Promise<string> {
  return contentOfHead(source).then(() => 'it is read', messageOf);
}

interface Refusal {
  readonly name: string;
  /** `.gitmodules`; the submodule is at `lib`. */
  readonly file: string | null;
  readonly why: string;
  readonly rule?: string;
}

function said(url: string, more = ''): string {
  return `[submodule "lib"]\n\tpath = lib\n\turl = ${url}\n${more}`;
}

describe('submodules on servers', () => {
  let server: GitServer;

  beforeAll(async () => {
    server = await startGitServer(scratch.path);
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(() => {
    server.requests.splice(0);
    server.token = undefined;
  });

  function urlOf(path: string): string {
    return server.url + path.slice(scratch.path.length);
  }

  function open(
    rule: string,
    more: Partial<SourceOptions> = {},
    log: string[] = [],
  ): Promise<Source> {
    const facts = { repository: urlOf(fleet.path), stateDir: stateDir() };
    return openTestSource({ ...facts, submodules: following(rule), ...more }, log);
  }

  /** Paths of other repositories than the followed one that the server was asked for. */
  function askedFor(): readonly string[] {
    const own = fleet.path.slice(scratch.path.length);
    return server.requests.map(({ url }) => url).filter((url) => !url.startsWith(own));
  }

  it('are left alone unless they are asked for', async () => {
    await setSubmodule(fleet, 'lib', '../lib', await lib.git('rev-parse', 'HEAD'));
    await using off = await open('off');
    await using unsaid = await open('off', { submodules: undefined, stateDir: `${stateDir()}-2` });

    for (const source of [off, unsaid]) {
      const { commit } = await source.head(never);
      expect((await source.tree(commit, never)).entries.get('lib')?.kind).toBe('submodule');
    }
    expect(askedFor()).toEqual([]);
  });

  it('bring their files to the manifests', async () => {
    await setSubmodule(fleet, 'lib', '../lib', await lib.git('rev-parse', 'HEAD'));
    await fleet.commit({
      'fleet.yaml': 'name: test\nhosts: [{ name: h, endpoint: "tcp://192.0.2.1:2376" }]\n',
      'shop/compose.yaml': 'services: { web: { image: "app:1", env_file: ../lib/env/web } }\n',
    });
    const reading = { path: '', key: testKey, cache: new Map() };
    const seen = [];
    for (const rule of ['off', 'same-host']) {
      await using source = await open(rule, { stateDir: `${stateDir()}-${rule}` });
      const loaded = await loadRevision(source, await source.head(never), reading, never);
      seen.push(
        loaded.kind === 'valid'
          ? loaded.desired.applications[0]?.services[0]?.container.environment
          : loaded.diagnostics[0]?.message,
      );
    }

    expect(seen).toEqual([
      expect.stringContaining('"lib" is a Git submodule') as string,
      { X: '1' },
    ]);
  });

  it.each<Refusal>([
    { name: 'there is no .gitmodules', file: null, why: '.gitmodules does not name it' },
    { name: 'another path is named', file: '[submodule "x"]\npath = x', why: 'does not name it' },
    { name: 'no URL is said', file: '[submodule "x"]\npath = lib', why: 'says no URL for it' },
    { name: 'its URL is empty', file: said(''), why: 'it is no URL' },
    { name: 'its URL is an option', file: said('-u./payload'), why: 'it is no URL' },
    { name: 'its URL is a program', file: said('ext::sh -c id'), why: 'it is no URL' },
    { name: 'its URL is no path', file: said('lib'), why: 'it is no URL' },
    { name: 'its URL has a control character', file: said('"../l\\nib"'), why: 'it is no URL' },
    { name: 'its scheme is another', file: said('git://127.0.0.1/lib'), why: 'over git' },
    {
      name: 'its URL has a password',
      file: said('https://a:planted@h/x'),
      why: 'user name or pass',
    },
    { name: 'it leads out of the server', file: said('../../../lib'), why: 'out of the server' },
    { name: 'it is on this machine', file: said('/srv/git/lib'), why: 'a folder of this machine' },
    {
      name: 'it is a file of this machine',
      file: said('file:///srv/git/lib'),
      why: 'a folder of this machine',
    },
    {
      name: 'it is on another server',
      file: said('https://git.example.com/lib'),
      why: 'does not allow https://git.example.com/lib',
    },
    {
      name: 'it is over SSH on the same',
      file: said('git@127.0.0.1:lib'),
      why: 'does not allow ssh://git@127.0.0.1/~/lib',
    },
    {
      name: 'it is not below what is allowed',
      file: said('https://git.example.com/team-two/lib'),
      rule: 'https://git.example.com/team',
      why: 'does not allow https://git.example.com/team-two/lib',
    },
    {
      name: 'it leads out of what is allowed',
      file: said('https://git.example.com/team/%2e%2e/lib'),
      rule: 'https://git.example.com/team',
      why: 'does not allow https://git.example.com/lib',
    },
    {
      name: 'it leads out of what is allowed in a hidden way',
      file: said('https://git.example.com/team/..%2Flib'),
      rule: 'https://git.example.com/team',
      why: 'its path has ".." in it',
    },
    {
      name: 'nothing says how to log in',
      file: said('git@git.example.com:team/lib'),
      rule: 'git@git.example.com:team',
      why: 'nothing says whose key to trust',
    },
    {
      name: 'its name leads elsewhere',
      file: '[submodule "../../x"]\npath = lib\nurl = ../lib',
      why: 'its name "../../x" leads elsewhere',
    },
    {
      name: 'two are at one path',
      file: `${said('../lib')}[submodule "x"]\npath = lib/\n`,
      why: '(.gitmodules:5): two submodules are at "lib"',
    },
    {
      name: 'it is malformed',
      file: `${said('../lib')}?`,
      why: '(.gitmodules:4): this is no section',
    },
    {
      name: 'it is large',
      file: said('x', '#'.repeat(300_000)),
      why: 'has more than 262144 bytes',
    },
    { name: 'it is the repository itself', file: said('../fleet'), why: 'would stand in itself' },
  ])('are refused when $name', async ({ file, why, rule = 'same-host' }) => {
    if (file !== null) await writeFile(join(fleet.path, '.gitmodules'), file);
    await moveSubmodule(fleet, 'lib', await lib.git('rev-parse', 'HEAD'));
    const log: string[] = [];
    await using source = await open(rule, {}, log);

    const message = await whyNot(source);

    expect(message).toContain('Cannot read submodule "lib" of repository http');
    expect(message).toContain(why);
    expect(message + log.join('')).not.toContain('planted');
    expect(await reasonOf(contentOfHead(source))).toBe('SubmoduleRefused');
    expect(askedFor()).toEqual([]);
  });

  it('are refused when .gitmodules is a link', async () => {
    const first = await lib.git('rev-parse', 'HEAD');
    const target = await runGit(fleet.path, ['hash-object', '-w', '--stdin'], { input: 'x' });
    const entries = `120000 blob ${target}\t.gitmodules\n160000 commit ${first}\tlib\n`;
    const tree = await runGit(fleet.path, ['mktree'], { input: entries });
    await fleet.git('reset', '-q', '--soft', await fleet.git('commit-tree', '-m', 'x', tree));
    await using source = await open('same-host');

    expect(await whyNot(source)).toContain('.gitmodules is a symlink');
  });

  it('are refused when they stand in each other in a ring, or too deep', async () => {
    const first = await lib.git('rev-parse', 'HEAD');
    const ring = await setSubmodule(deep, 'ring', '../lib', first);
    await setSubmodule(fleet, 'lib', '../lib', await moveSubmodule(lib, 'inner', ring));
    await using source = await open('same-host');
    expect(await whyNot(source)).toMatch(
      /submodule "lib\/inner\/ring" of repository \S+deep .*lib would stand in itself/,
    );

    let below = await deep.git('rev-parse', 'HEAD~1');
    let url = '../deep';
    for (let level = 1; level <= 5; level += 1) {
      const repository = await createRepository(join(dirname(fleet.path), `level-${level}`));
      below = await setSubmodule(repository, 's', url, below);
      url = `../level-${level}`;
    }
    await setSubmodule(fleet, 'lib', url, below);
    expect(await whyNot(source)).toContain('submodules stand in each other more than 5 deep');
  });

  it('are left out where Git leaves them out, or where nobody looks', async () => {
    const first = await lib.git('rev-parse', 'HEAD');
    await setSubmodule(fleet, 'apps/lib', 'https://git.example.com/lib', first);
    await fleet.git('config', '-f', '.gitmodules', 'submodule.apps/lib.update', 'none');
    await setSubmodule(fleet, 'other', 'https://git.example.com/other', first);
    await fleet.commit({ 'apps/x': '1' });
    await using source = await open('same-host', { path: 'apps' });

    const { commit } = await source.head(never);
    const { entries } = await source.tree(commit, never);

    expect([...entries.values()].map(({ path, kind }) => [path, kind])).toEqual([
      ['apps/lib', 'submodule'],
      ['apps/x', 'file'],
    ]);
  });

  it('see credentials on their own server only, or those of the source that follows them', async () => {
    await using other = await startGitServer(scratch.path);
    const tokenFile = join(scratch.path, `token-${count}`);
    await writeFile(tokenFile, 'planted-token');
    const otherToken = join(scratch.path, `other-token-${count}`);
    await writeFile(otherToken, 'planted-other');
    const url = other.url + lib.path.slice(scratch.path.length);
    server.token = 'planted-token';
    await setSubmodule(fleet, 'near', '../deep', await deep.git('rev-parse', 'HEAD'));
    await setSubmodule(fleet, 'far', url, await lib.git('rev-parse', 'HEAD'));
    const rule = parseSubmoduleRule(`${server.url},${other.url}`);

    await using alone = await open('off', { tokenFile, submodules: { rule, others: [] } });
    expect(await contentOfHead(alone)).toMatchObject({ 'far/inner/x/bottom': 'deep 1' });
    const deepUrl = other.url + deep.path.slice(scratch.path.length);
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(
      server.requests.some(({ url }) => url.startsWith(deep.path.slice(scratch.path.length))),
    ).toBe(true);

    other.token = 'planted-other';
    other.requests.splice(0);
    await using beside = await open('off', {
      tokenFile,
      stateDir: `${stateDir()}-beside`,
      submodules: {
        rule,
        others: [url, deepUrl].map((repository) => ({ repository, tokenFile: otherToken })),
      },
    });
    expect(await contentOfHead(beside)).toMatchObject({
      'far/a': 'lib 1',
      'near/x/bottom': 'deep 1',
    });
  });

  it('are asked for again while their server does not answer', async () => {
    await setSubmodule(fleet, 'lib', '../lib', await lib.git('rev-parse', 'HEAD'));
    await using source = await open('same-host', { pollIntervalMs: 20 });
    await rename(lib.path, `${lib.path}.away`);
    const { commit } = await source.head(never);
    expect(await reasonOf(source.tree(commit, never))).toBe('RepositoryNotFound');
    await rename(`${lib.path}.away`, lib.path);

    const hinted = new Promise<void>((resolve) => {
      source.watch(resolve);
    });
    await hinted;

    expect(await contentOfHead(source)).toMatchObject({ 'lib/a': 'lib 1' });
  });
});
