import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../src/model/errors.ts';
import { checkRef, normalizeFolder, parseLocation } from '../../../src/source/location.ts';

describe('parseLocation()', () => {
  it.each([
    { text: '/srv/git/fleet', location: { kind: 'local', path: '/srv/git/fleet' } },
    { text: './fleet', location: { kind: 'local', path: './fleet' } },
    { text: 'file:///srv/a%20b', location: { kind: 'local', path: '/srv/a b' } },
    {
      text: 'https://git.example.com/team/fleet.git/',
      location: { kind: 'http', url: 'https://git.example.com/team/fleet.git' },
    },
    {
      text: 'git@git.example.com:fleet.git',
      location: {
        kind: 'ssh',
        user: 'git',
        host: 'git.example.com',
        port: 22,
        path: 'fleet.git',
        url: 'ssh://git@git.example.com/~/fleet.git',
      },
    },
    { text: 'http://127.0.0.1:8080/r', location: { kind: 'http', url: 'http://127.0.0.1:8080/r' } },
  ])('reads $text', ({ text, location }) => {
    expect(parseLocation(text)).toEqual(location);
  });

  it.each([
    { text: '', why: /empty/ },
    { text: 'ssh://git:s3cret@git.example.com/fleet.git', why: /holds a password/ },
    { text: 'rsync://git.example.com/fleet.git', why: /over rsync/ },
    { text: 'https://git.example.com/fleet.git?private_token=s3cret', why: /query/ },
    { text: 'https://ada:s3cret@git.example.com/fleet.git', why: /token in a file/ },
    { text: 'https://s3cret@git.example.com/fleet.git', why: /token in a file/ },
    { text: 'https://ada:s3cret@:99999/', why: /cannot be read/ },
    { text: 'file://other-host/fleet', why: /folder of this machine/ },
  ])('refuses $text without repeating a secret', ({ text, why }) => {
    expect(() => parseLocation(text)).toThrow(UsageError);
    expect(() => parseLocation(text)).toThrow(why);
    expect(() => parseLocation(text)).not.toThrow(/s3cret/);
  });
});

describe('normalizeFolder()', () => {
  it.each([
    { path: '', folder: '' },
    { path: '.', folder: '' },
    { path: './apps//prod/', folder: 'apps/prod' },
    { path: '/apps', folder: 'apps' },
  ])('reads "$path" as "$folder"', ({ path, folder }) => {
    expect(normalizeFolder(path)).toBe(folder);
  });

  it('refuses a path that leads out of the repository', () => {
    expect(() => normalizeFolder('apps/../../etc')).toThrow(UsageError);
  });
});

describe('checkRef()', () => {
  const kinds = ['branch', 'tag'] as const;

  it.each(['main', 'feature/x', 'release-1.2', 'é'])('takes the name %s', (name) => {
    for (const kind of kinds) expect(() => checkRef({ kind, name })).not.toThrow();
  });

  it.each([
    '',
    '@',
    '-x',
    '/x',
    'x/',
    'a..b',
    'a b',
    'a\nb',
    'a/.b',
    'a.lock',
    'a//b',
    'a@{1}',
    'a~1',
  ])('refuses the name %j', (name) => {
    for (const kind of kinds) expect(() => checkRef({ kind, name })).toThrow(UsageError);
  });

  it.each(['1.x', '>=1.4.0 <2', '~1.2', '1.2.3', '>=2.0.0-0 <3', '*'])(
    'takes the range %s',
    (range) => {
      expect(() => checkRef({ kind: 'semver', range, tagPrefix: '' })).not.toThrow();
    },
  );

  it.each(['latest', '1.x.y.z', '>>1'])('refuses the range %j', (range) => {
    expect(() => checkRef({ kind: 'semver', range, tagPrefix: '' })).toThrow(
      /Cannot follow semver .* no range of versions/,
    );
  });

  it.each(['', 'abc1234', 'A'.repeat(40), 'g'.repeat(40)])('refuses the commit %j', (id) => {
    expect(() => checkRef({ kind: 'commit', id })).toThrow('Give all 40 digits');
  });
});
