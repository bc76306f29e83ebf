import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { messageOf } from '../../../src/model/errors.ts';
import { toCommitSha } from '../../../src/model/names.ts';
import type { Committed } from '../../../src/source/change.ts';
import { signSsh } from '../../../src/source/ssh-signature.ts';
import type { SigningOptions } from '../../../src/source/sign-commit.ts';
import {
  createRepository,
  runGit,
  scratchFolder,
  type ScratchFolder,
} from '../../support/git-repository.ts';
import { startGitServer } from '../../support/git-server.ts';
import { never, openTestSource, reasonOf } from '../../support/open-test-source.ts';
import { makeKey } from '../../support/ssh-server.ts';

const run = promisify(execFile);

let scratch: ScratchFolder;

beforeEach(async () => {
  scratch = await scratchFolder();
});

afterEach(() => scratch[Symbol.asyncDispose]());

function keyOf(type: string, passphrase = ''): Promise<string> {
  return makeKey(join(scratch.path, 'signing-key'), type, passphrase);
}

/** What native Git says of the signature of a commit: `G` is a good one, `B` a bad one, `N` none. */
async function verdictOn(repository: string, commit: string, keyFile: string): Promise<string> {
  const allowed = join(scratch.path, 'allowed');
  await writeFile(allowed, `fleet@example.com ${await readFile(`${keyFile}.pub`, 'utf8')}`);
  const config = ['-c', `gpg.ssh.allowedSignersFile=${allowed}`];
  return await runGit(repository, [...config, 'log', '-1', '--format=%G? %GS', commit]);
}

/** Takes a file back in a repository that is named by `facts`, signed. */
async function takeBack(
  bare: string,
  facts: Parameters<typeof openTestSource>[0],
  signing: SigningOptions,
): Promise<Committed> {
  const work = await createRepository(join(scratch.path, 'work'));
  const old = await work.commit({ a: '1' });
  await work.commit({ a: '2' });
  await runGit(scratch.path, ['clone', '-q', '--bare', work.path, bare]);
  await runGit(bare, ['config', 'http.receivepack', 'true']);
  await using source = await openTestSource({ ...facts, signing });
  const { commit: base } = await source.head(never);
  const { entries } = await source.tree(toCommitSha(old), never);
  return await source.commit(
    {
      base,
      edits: new Map([['a', entries.get('a')?.oid ?? null]]),
      author: 'Fleet <fleet@example.com>',
      message: 'Take a back: ü\n\nWhy: because',
      check: async () => undefined,
    },
    never,
  );
}

describe('a commit that is made with a signing key', () => {
  it.each(['ed25519', 'rsa', 'ecdsa-256', 'ecdsa-384', 'ecdsa-521'])(
    '%s: native Git finds the signature good',
    async (type) => {
      const keyFile = await keyOf(type);
      const bare = join(scratch.path, 'bare.git');

      const { kind } = await takeBack(bare, { repository: bare }, { keyFile });

      expect(kind).toBe('committed');
      expect(await verdictOn(bare, 'main', keyFile)).toBe('G fleet@example.com');
      expect(await verdictOn(bare, 'main~1', keyFile)).toBe('N');
      expect(await runGit(bare, ['fsck', '--strict'])).toBe('');
      expect(await runGit(bare, ['show', '-s', '--format=%B', 'main'])).toBe(
        'Take a back: ü\n\nWhy: because',
      );
    },
  );

  it('is pushed to a server with its signature', async () => {
    const keyFile = await keyOf('ed25519', 'planted passphrase');
    const passphraseFile = join(scratch.path, 'passphrase');
    await writeFile(passphraseFile, 'planted passphrase\n');
    const bare = join(scratch.path, 'served.git');
    await using server = await startGitServer(scratch.path);
    const facts = {
      repository: `${server.url}/served.git`,
      stateDir: join(scratch.path, 'state'),
    };

    await takeBack(bare, facts, { keyFile, passphraseFile });

    expect(await verdictOn(bare, 'main', keyFile)).toBe('G fleet@example.com');
  });

  it.each([
    { name: 'is missing', make: async () => join(scratch.path, 'nowhere'), why: 'ENOENT' },
    {
      name: 'has a passphrase that is not named',
      make: () => keyOf('ed25519', 'secret'),
      why: 'it is encrypted. Name the file with its passphrase',
    },
    {
      name: 'is the public half',
      make: async () => `${await keyOf('ed25519')}.pub`,
      why: 'it holds the public half',
    },
  ])('is not made when the key $name', async ({ make, why }) => {
    const keyFile = await make();
    const bare = join(scratch.path, 'bare.git');

    const made = takeBack(bare, { repository: bare }, { keyFile });

    expect(await reasonOf(made)).toBe('AuthenticationFailed');
    const message = await made.catch(messageOf);
    expect(message).toContain(`the signing key "${keyFile}": `);
    expect(message).toContain(why);
    expect(await runGit(bare, ['rev-list', '--count', 'main'])).toBe('2');
  });
});

it('ssh-keygen finds what is signed good, and what was changed afterwards bad', async () => {
  // 40 messages, since about every second number of ECDSA needs a byte in front.
  const keyFile = await keyOf('ecdsa-521');
  const key = ssh2.utils.parseKey(await readFile(keyFile));
  if (key instanceof Error) throw key;
  const allowed = join(scratch.path, 'allowed');
  await writeFile(allowed, `me ${await readFile(`${keyFile}.pub`, 'utf8')}`);
  const file = join(scratch.path, 'signature');
  const verify = async (message: string): Promise<boolean> => {
    const args = ['-Y', 'verify', '-f', allowed, '-I', 'me', '-n', 'file', '-s', file];
    const verifying = run('ssh-keygen', args);
    verifying.child.stdin?.end(message);
    return await verifying.then(
      () => true,
      () => false,
    );
  };

  for (let count = 0; count < 40; count += 1) {
    const message = `message ${count}`;
    await writeFile(file, signSsh(key, 'file', Buffer.from(message)));

    expect(await verify(message)).toBe(true);
    expect(await verify(`${message}.`)).toBe(false);
  }
});
