import { writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { run } from '../../../src/sandbox/command.ts';
import { fingerprint, readHostKey } from '../../../src/ssh/host-key.ts';
import { findKnownKeys, knownName } from '../../../src/ssh/known-hosts.ts';
import type { ScratchFolder } from '../../support/git-repository.ts';
import { scratchFolder } from '../../support/git-repository.ts';
import { makeKey, publicKey } from '../../support/ssh-server.ts';

let scratch: ScratchFolder;
/** Type and key as in known_hosts. */
let ed25519: string;
let ecdsa: string;

beforeAll(async () => {
  scratch = await scratchFolder();
  ed25519 = await publicKey(await makeKey(join(scratch.path, 'one'), 'ed25519'));
  ecdsa = await publicKey(await makeKey(join(scratch.path, 'two'), 'ecdsa'));
});
afterAll(() => scratch[Symbol.asyncDispose]());

/** Types of the keys that lines hold for a host. */
function typesIn(lines: readonly string[], host: string, port = 22): readonly string[] {
  return findKnownKeys(lines.join('\n'), knownName(host, port)).keys.map(({ type }) => type);
}

const one = ['ssh-ed25519'];

describe('findKnownKeys()', () => {
  it.each([
    { names: 'git.example.com', host: 'git.example.com', found: one },
    { names: 'git.example.com', host: 'GIT.example.com', found: one },
    { names: 'Git.Example.com', host: 'git.example.com', found: one },
    { names: 'git.example.com,192.0.2.1', host: '192.0.2.1', found: one },
    { names: 'git.example.com', host: 'git.example.co', found: [] },
    { names: 'git.example.com', host: 'xgit.example.com', found: [] },
    { names: 'git.example.com', host: 'gitxexample.com', found: [] },
    { names: 'git.example.com', host: 'git.example.com', port: 2222, found: [] },
    { names: '[git.example.com]:2222', host: 'git.example.com', port: 2222, found: one },
    { names: '[git.example.com]:2222', host: 'git.example.com', found: [] },
    { names: '[git.example.com]:2222', host: 'git.example.com', port: 2223, found: [] },
    { names: '*.example.com', host: 'git.example.com', found: one },
    { names: '*.example.com', host: 'example.com', found: [] },
    { names: '[*.example.com]:2222', host: 'git.example.com', port: 2222, found: one },
    { names: 'git?.example.com', host: 'git7.example.com', found: one },
    { names: 'git?.example.com', host: 'git.example.com', found: [] },
    { names: '*.example.com,!git.example.com', host: 'git.example.com', found: [] },
    { names: '!git.example.com,*.example.com', host: 'git.example.com', found: [] },
    { names: '*.example.com,!git.example.com', host: 'src.example.com', found: one },
    { names: '!git.example.com', host: 'src.example.com', found: [] },
    { names: '2001:db8::1', host: '2001:db8::1', found: one },
    { names: '(git)+.example.com', host: 'git.example.com', found: [] },
  ])('takes "$names" for $host at port $port: $found', ({ names, host, port, found }) => {
    expect(typesIn([`${names} ${ed25519} a comment`], host, port)).toEqual(found);
  });

  it('reads all lines of a host, and passes over comments, blanks and other hosts', () => {
    const lines = [
      '# git.example.com',
      '',
      `git.example.com ${ed25519}`,
      `other.example.com ${ecdsa}`,
      `\tgit.example.com\t${ecdsa}\r`,
    ];

    expect(typesIn(lines, 'git.example.com')).toEqual(['ssh-ed25519', 'ecdsa-sha2-nistp256']);
  });

  it.each([
    { host: 'git.example.com', port: 22, found: one },
    { host: 'git.example.com', port: 2222, found: ['ecdsa-sha2-nistp256'] },
    { host: 'git.example.org', port: 22, found: [] },
  ])('reads what ssh-keygen -H has hashed: $host at port $port', async ({ host, port, found }) => {
    const file = join(scratch.path, `hashed-${host}-${port}`);
    await writeFile(file, `git.example.com ${ed25519}\n[git.example.com]:2222 ${ecdsa}\n`);
    await run('ssh-keygen', ['-q', '-H', '-f', file]);
    const text = await readFile(file, 'utf8');

    expect(text).toMatch(/^\|1\|.*\n\|1\|/);
    expect(typesIn([text], host, port)).toEqual(found);
  });

  it('keeps revoked keys apart', () => {
    const { keys, revoked } = findKnownKeys(
      `git.example.com ${ed25519}\n@revoked * ${ecdsa}\n`,
      'git.example.com',
    );

    expect([keys, revoked].map((each) => each.map(({ type }) => type))).toEqual([
      ['ssh-ed25519'],
      ['ecdsa-sha2-nistp256'],
    ]);
  });

  it.each([
    { line: () => `@cert-authority *.example.com ${ed25519}`, why: /^line 1 names a certificate/ },
    { line: () => `@odd git.example.com ${ed25519}`, why: /^line 1 has the unknown marker @odd/ },
    { line: () => 'git.example.com ssh-ed25519', why: /^line 1 holds no key/ },
    { line: () => 'git.example.com ssh-ed25519 AAAA', why: /^line 1 holds no key/ },
    { line: () => `git.example.com ssh-rsa ${ed25519.split(' ')[1]}`, why: /^line 1 holds no key/ },
    { line: () => `|1|abc git.example.com`, why: null },
    { line: () => `|2|YQ==|YQ== ${ed25519}`, why: null },
    { line: () => `@cert-authority other.example.com ${ed25519}`, why: null },
  ])('passes over $line with a reason when it may be about the host', ({ line, why }) => {
    const { keys, skipped } = findKnownKeys(line(), 'git.example.com');

    expect(keys).toEqual([]);
    expect(skipped).toEqual(why === null ? [] : [expect.stringMatching(why)]);
  });
});

describe('fingerprint()', () => {
  it('is as ssh-keygen prints it', async () => {
    const blob = Buffer.from(ed25519.split(' ')[1] ?? '', 'base64');
    const printed = await run('ssh-keygen', ['-l', '-f', join(scratch.path, 'one.pub')]);
    const key = readHostKey(blob);

    expect(key && fingerprint(key)).toBe(printed.split(' ')[1]);
  });
});
