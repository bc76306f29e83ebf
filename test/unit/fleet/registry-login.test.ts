import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RegistryLogin } from '../../../src/fleet/registry-login.ts';
import { findLogin, readLogin } from '../../../src/fleet/registry-login.ts';

function pair(user: string, password: string): { readonly auth: string } {
  return { auth: Buffer.from(`${user}:${password}`).toString('base64') };
}

function config(auths: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ auths, credsStore: 'desktop' });
}

/** What the header says; the kind when there is none. */
function sent(login: RegistryLogin): unknown {
  if (login.kind !== 'found') return login.kind;
  return JSON.parse(Buffer.from(login.header, 'base64url').toString('utf8'));
}

describe('findLogin() takes the longest entry that holds an image:', () => {
  const text = config({
    'https://index.docker.io/v1/': pair('hub', 'h'),
    'docker.io/team': pair('team', 't'),
    'ghcr.io': pair('all', 'a'),
    'https://ghcr.io/v2/': pair('later', 'l'),
    'ghcr.io/shop': pair('shop', 's'),
    'ghcr.io/shop/web': pair('web', 'w'),
    'registry:5000': pair('port', 'p'),
  });

  it.each([
    ['ghcr.io/shop/web:1', 'web'],
    [`ghcr.io/shop/web@sha256:${'a'.repeat(64)}`, 'web'],
    ['ghcr.io/shop/web/api:1', 'web'],
    ['ghcr.io/shop/website:1', 'shop'],
    ['ghcr.io/shopping/web', 'all'],
    ['registry:5000/web:1', 'port'],
    ['registry:5001/web:1', null],
    ['registry/web:1', 'hub'],
    ['caddy', 'hub'],
    ['docker.io/caddy:2', 'hub'],
    ['team/web', 'team'],
    ['index.docker.io/team/web', 'team'],
    ['quay.io/team/web', null],
  ])('%s', (image, user) => {
    const login = findLogin(text, image);

    expect(sent(login)).toEqual(
      user === null ? 'none' : expect.objectContaining({ username: user }),
    );
  });
});

describe('findLogin()', () => {
  it.each([
    [pair('ada', 'a:b'), { username: 'ada', password: 'a:b' }],
    [
      { username: 'ada', password: 'pass', auth: '' },
      { username: 'ada', password: 'pass' },
    ],
    [{ identitytoken: 'token', ...pair('ada', '') }, { identitytoken: 'token' }],
  ])('reads the entry %j', (entry, expected) => {
    const login = findLogin(config({ 'ghcr.io': entry }), 'ghcr.io/web');

    expect(sent(login)).toEqual({ ...expected, serveraddress: 'ghcr.io' });
  });

  it('calls the registry of Docker as Docker does', () => {
    const login = findLogin(config({ 'docker.io': pair('ada', 'a') }), 'caddy');

    expect(sent(login)).toMatchObject({ serveraddress: 'https://index.docker.io/v1/' });
  });

  it('writes the header in the alphabet for URLs, with its padding', () => {
    const login = findLogin(config({ 'a.b': pair('ada', '???>>>~~~~') }), 'a.b/web');

    expect(login).toMatchObject({ header: expect.stringMatching(/^[\w-]+={0,2}$/) });
    expect(login.kind === 'found' && login.header.length % 4).toBe(0);
  });

  it.each([{}, null, 'ada:pass', pair('', 'x'), { auth: 'bm8gY29sb24=' }])(
    'says that %j is no login',
    (entry) => {
      expect(findLogin(config({ 'ghcr.io': entry }), 'ghcr.io/web')).toEqual({
        kind: 'unusable',
        reason: expect.stringContaining('"ghcr.io" has no login. Credential helpers'),
      });
    },
  );

  it.each(['hunter2', '[]', '{"auths": "hunter2"}'])('repeats nothing of %s', (text) => {
    const reason = 'it is not a JSON object with "auths", as docker login writes';
    expect(findLogin(text, 'ghcr.io/web')).toEqual({ kind: 'unusable', reason });
  });
});

describe('readLogin()', () => {
  let dir = '';

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fleetwright-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('finds none without a folder or a file', async () => {
    expect(await readLogin(null, 'web')).toEqual({ kind: 'none' });
    expect(await readLogin(dir, 'web')).toEqual({ kind: 'none' });
  });

  it('reads the file at each use', async () => {
    const file = join(dir, 'config.json');
    await writeFile(file, config({}));
    const before = await readLogin(dir, 'ghcr.io/web');
    await writeFile(file, config({ 'ghcr.io': pair('ada', 'a') }));

    expect([before.kind, (await readLogin(dir, 'ghcr.io/web')).kind]).toEqual(['none', 'found']);
  });

  it('names a file that cannot be used, and why', async () => {
    const file = join(dir, 'config.json');
    await writeFile(file, '{');
    const broken = await readLogin(dir, 'web');
    await chmod(file, 0o606);
    const open = await readLogin(dir, 'web');

    expect([broken, open]).toEqual([
      { kind: 'unusable', reason: expect.stringContaining(`Cannot use "${file}": it is not a`) },
      { kind: 'unusable', reason: expect.stringContaining(`"${file}": everybody on this machine`) },
    ]);
  });
});
