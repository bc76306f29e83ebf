import { execFileSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../src/model/errors.ts';
import { isSshAddress, parseSshAddress, quoteForShell } from '../../../src/source/ssh-address.ts';

describe('parseSshAddress()', () => {
  it.each([
    {
      text: 'ssh://git@git.example.com/team/fleet.git',
      user: 'git',
      host: 'git.example.com',
      port: 22,
      path: '/team/fleet.git',
      url: 'ssh://git@git.example.com/team/fleet.git',
    },
    {
      text: 'ssh://GIT.example.com:2222/team/fleet.git/',
      user: 'git',
      host: 'git.example.com',
      port: 2222,
      path: '/team/fleet.git',
      url: 'ssh://git@git.example.com:2222/team/fleet.git',
    },
    {
      text: 'git@github.com:team/fleet.git',
      user: 'git',
      host: 'github.com',
      port: 22,
      path: 'team/fleet.git',
      url: 'ssh://git@github.com/~/team/fleet.git',
    },
    {
      text: 'ada@git.example.com:/srv/fleet.git',
      user: 'ada',
      host: 'git.example.com',
      port: 22,
      path: '/srv/fleet.git',
      url: 'ssh://ada@git.example.com/srv/fleet.git',
    },
    {
      text: 'ada@git.example.com:~bob/fleet',
      user: 'ada',
      host: 'git.example.com',
      port: 22,
      path: '~bob/fleet',
      url: 'ssh://ada@git.example.com/~/~bob/fleet',
    },
    {
      text: 'ssh://ada@git.example.com/~bob/fleet',
      user: 'ada',
      host: 'git.example.com',
      port: 22,
      path: '~bob/fleet',
      url: 'ssh://ada@git.example.com/~/~bob/fleet',
    },
    {
      text: 'git+ssh://git@[2001:DB8::1]:22/a%20b',
      user: 'git',
      host: '2001:db8::1',
      port: 22,
      path: '/a b',
      url: 'ssh://git@[2001:db8::1]/a%20b',
    },
    {
      text: 'git@[2001:db8::1]:fleet',
      user: 'git',
      host: '2001:db8::1',
      port: 22,
      path: 'fleet',
      url: 'ssh://git@[2001:db8::1]/~/fleet',
    },
  ])('reads $text, and the URL that it makes of it', ({ text, ...address }) => {
    expect(isSshAddress(text)).toBe(true);
    expect(parseSshAddress(text)).toEqual(address);
    expect(parseSshAddress(address.url)).toEqual(address);
  });

  it.each([
    { text: 'ssh://git:s3cret@git.example.com/fleet.git', why: /holds a password/ },
    { text: 'ssh://git.example.com', why: /cannot be read/ },
    { text: 'ssh://git.example.com/', why: /path is missing/ },
    { text: 'git@git.example.com:', why: /path is missing/ },
    { text: 'ssh://git.example.com:0/fleet', why: /port 0/ },
    { text: 'ssh://git.example.com:70000/fleet', why: /port 70000/ },
    { text: 'ssh://git.example.com/a%zz', why: /%/ },
    { text: 'ssh://git.example.com/a%0ab', why: /control character/ },
    { text: 'git@git.example.com:a\nb', why: /control character/ },
    { text: 'git@git.example.com:--upload-pack=touch', why: /begins with "-"/ },
    { text: 'ssh://-oProxyCommand=x/fleet', why: /cannot be read/ },
    { text: 'ssh://a b@git.example.com/fleet', why: /cannot be read/ },
  ])('refuses $text without repeating a secret', ({ text, why }) => {
    expect(() => parseSshAddress(text)).toThrow(UsageError);
    expect(() => parseSshAddress(text)).toThrow(why);
    expect(() => parseSshAddress(text)).not.toThrow(/s3cret/);
  });
});

describe('isSshAddress()', () => {
  it.each(['/srv/git@x:y', './git@x:y', 'https://git@example.com/x', 'c:/git', 'fleet', 'a:b'])(
    'leaves %s to others',
    (text) => {
      expect(isSshAddress(text)).toBe(false);
    },
  );
});

describe('quoteForShell()', () => {
  it.each([
    '/srv/fleet.git',
    "it's",
    "'; touch owned; '",
    '$(touch owned)',
    '`touch owned`',
    'a b\tc',
    'wow!ls!!',
    '"x" \\ * ? [a] {b} ~ & | ; < > #',
    "\\'",
  ])('keeps %j one word', (text) => {
    const printed = execFileSync('sh', ['-c', `printf %s ${quoteForShell(text)}`]);

    expect(printed.toString()).toBe(text);
  });
});
