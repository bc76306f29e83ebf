import { chmod, copyFile, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { messageOf, UsageError } from '../../../src/model/errors.ts';
import { run } from '../../../src/sandbox/command.ts';
import { fingerprint, readHostKey } from '../../../src/ssh/host-key.ts';
import type { SourceOptions } from '../../../src/source/source-options.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';
import { startSshAgent } from '../../support/ssh-agent.ts';
import type { SshServer } from '../../support/ssh-server.ts';
import { keyTypes, makeKey, publicKey, startSshServer } from '../../support/ssh-server.ts';

let scratch: ScratchFolder;
let server: SshServer;
let repository: GitRepository;
let count = 0;

/** The server may have to be installed first. */
const setUpMs = 120_000;

beforeAll(async () => {
  scratch = await scratchFolder();
  const folder = join(scratch.path, 'ssh');
  await mkdir(folder);
  server = await startSshServer(folder);
}, setUpMs);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

beforeEach(async () => {
  count += 1;
  repository = await createRepository(join(scratch.path, `work-${count}`));
  await repository.commit({ a: '1' });
  await server.takeCommands();
});
afterEach(async () => {
  server.mood = 'well';
  await server.setFaults({});
  await server.configure([]);
});

/** Opens the repository of this test, with other settings for SSH or all. */
function open(
  ssh: SourceOptions['ssh'] = {},
  more: Partial<SourceOptions> = {},
  log: string[] = [],
): Promise<Source> {
  const { keyFile, knownHostsFile } = server;
  const facts: Partial<SourceOptions> & { repository: string } = {
    repository: server.url(repository.path),
    stateDir: join(scratch.path, 'state'),
    idleTimeoutMs: 15_000,
    ssh: { keyFile, knownHostsFile, ...ssh },
    ...more,
  };
  return openTestSource(facts, log);
}

/** A file of this test with that text. */
async function fileOf(text: string): Promise<string> {
  const file = join(scratch.path, `file-${(count += 1)}`);
  await writeFile(file, text);
  return file;
}

/** A check of a change that finds no fault. */
async function pass(): Promise<void> {}

async function failureOf(source: Source): Promise<string> {
  return source.head(never).then(() => 'none', messageOf);
}

describe('MirrorSource over SSH', () => {
  it('clones and follows over one connection, asking for a pack only when there is something new', async () => {
    const before = server.connections;
    await using source = await open();
    expect(await contentOfHead(source)).toEqual({ a: '1' });
    await repository.commit({ a: '2' });
    expect(await contentOfHead(source)).toEqual({ a: '2' });
    await server.takeCommands();

    await source.head(never);

    expect(await server.takeCommands()).toEqual([`git-upload-pack '${repository.path}'`]);
    expect(server.connections - before).toBe(1);
  });

  it('follows a server that knows only version 0 of the protocol', async () => {
    await server.configure(['AcceptEnv LANG']);
    await repository.git('branch', 'other');
    await using source = await open({}, { ref: { kind: 'branch', name: 'other' } });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('makes a new connection when the kept one is gone, and nobody notices', async () => {
    await using source = await open();
    await source.head(never);
    const before = server.connections;
    await repository.commit({ a: '2' });
    server.disconnect();

    expect(await contentOfHead(source)).toEqual({ a: '2' });
    expect(server.connections - before).toBe(1);
  });

  it('pushes a commit', async () => {
    const bare = join(scratch.path, `served-${count}.git`);
    await repository.commit({ a: '2' });
    await runGit(scratch.path, ['clone', '-q', '--bare', repository.path, bare]);
    await using source = await open({}, { repository: server.url(bare) });
    const { commit: base } = await source.head(never);
    const old = await repository.git('rev-parse', 'HEAD~1:a');

    const author = 'Fleet <fleet@example.com>';
    const edits = new Map([['a', old]]);
    const result = await source.commit(
      { base, edits, author, message: 'Back', check: pass },
      never,
    );

    expect(result.kind).toBe('committed');
    expect(await runGit(bare, ['log', '--format=%s', 'main'])).toBe('Back\nchange\nchange');
    expect(await runGit(bare, ['fsck', '--strict'])).toBe('');
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('says what a hook says to a push', async () => {
    const bare = join(scratch.path, `hooked-${count}.git`);
    await repository.commit({ a: '2' });
    await runGit(scratch.path, ['clone', '-q', '--bare', repository.path, bare]);
    const hook = join(bare, 'hooks', 'pre-receive');
    await writeFile(hook, '#!/bin/sh\necho "main is protected" >&2\nexit 1\n');
    await chmod(hook, 0o755);
    await using source = await open({}, { repository: server.url(bare) });
    const { commit: base } = await source.head(never);
    const edits = new Map([['a', null]]);
    const change = {
      base,
      edits,
      author: 'A <a@example.com>',
      message: 'x',
      check: async () => {},
    };

    await expect(source.commit(change, never)).rejects.toThrow(/declined; main is protected/);
  });

  it.each(["it's; touch owned #", '$(touch owned)', '`touch owned`!'])(
    'takes the path %s for a path',
    async (name) => {
      const odd = join(scratch.path, 'odd', name);
      await mkdir(join(scratch.path, 'odd'), { recursive: true });
      await runGit(scratch.path, ['clone', '-q', '--bare', repository.path, odd]);
      await using source = await open({}, { repository: server.url(encodeURI(odd)) });

      expect(await contentOfHead(source)).toEqual({ a: '1' });
      expect(await readdir(join(scratch.path, 'odd'))).not.toContain('owned');
    },
  );

  it('says that there is no repository', async () => {
    await using source = await open({}, { repository: server.url('/nonexistent.git') });

    expect(await reasonOf(source.head(never))).toBe('RepositoryNotFound');
    expect(await failureOf(source)).toContain('does not appear to be a git repository');
  });

  it('stops reading at the byte limit', async () => {
    await using source = await open({}, { maxAnswerBytes: 50 });

    expect(await failureOf(source)).toMatch(/larger than 50 bytes/);
  });

  it('gives up at once when it is cancelled, and keeps the connection', async () => {
    await using source = await open();
    await source.head(never);
    await server.setFaults({ refs: { kind: 'hang' } });
    const before = server.connections;

    const asking = source.head(AbortSignal.timeout(300));
    await expect(asking).rejects.toHaveProperty('name', 'TimeoutError');
    await server.setFaults({});

    expect(await contentOfHead(source)).toEqual({ a: '1' });
    expect(server.connections).toBe(before);
  });

  it.each([
    { mood: 'silent', why: /sent nothing for 1 s|let nobody in for 1 s/ },
    { mood: 'closing', why: /Connection lost before handshake/ },
    { mood: 'garbage', why: /^Cannot reach the repository on \[127/ },
  ] as const)('gives up a server that is $mood, and is well afterwards', async ({ mood, why }) => {
    await using source = await open({}, { idleTimeoutMs: 1000 });
    server.mood = mood;
    expect(await reasonOf(source.head(never))).toBe('GitUnreachable');
    expect(await failureOf(source)).toMatch(why);

    server.mood = 'well';
    await using patient = await open({}, { stateDir: join(scratch.path, 'state-2') });
    expect(await contentOfHead(patient)).toEqual({ a: '1' });
  });

  it('asks for the one branch only while nothing is new, however many there are', async () => {
    await using source = await open({}, { maxAnswerBytes: 20_000 });
    const { commit } = await source.head(never);
    const names = Array.from({ length: 1000 }, (_, index) => `refs/heads/other-${index}`);
    const input = names.map((name) => `create ${name} ${commit}\n`).join('');
    await runGit(repository.path, ['update-ref', '--stdin'], { input });

    // The list of all refs, as version 1 of the protocol has it, is three times as large.
    expect((await source.head(never)).commit).toBe(commit);
  });

  it('gives up a server that does not come to its end', async () => {
    await using source = await open({}, { totalTimeoutMs: 300 });
    server.mood = 'silent';

    expect(await failureOf(source)).toMatch(/not complete within 0.3 s/);
  });

  it('shows what a login script prints', async () => {
    await server.configure([`ForceCommand echo 'Welcome, \u001b[1mgit\u001b[0m!'`]);
    await using source = await open();

    expect(await failureOf(source)).toMatch(/it says "Welcome, \[1mgit \[0m!" where Git's/);
    expect(await reasonOf(source.head(never))).toBe('GitProtocol');
  });

  it.each([
    { says: 'ERROR: Repository not found.', reason: 'RepositoryNotFound' },
    { says: 'ERROR: Permission to team/fleet denied to ada.', reason: 'AuthenticationFailed' },
    { says: '\u001b[31mdisk\nfull\u0007', reason: 'GitProtocol' },
    { says: 'x'.repeat(5000), reason: 'GitProtocol' },
  ])('shows what the server prints on stderr, in bounds, as $reason', async ({ says, reason }) => {
    const script = await fileOf(`#!/bin/sh\ncat >&2 <<'END'\n${says}\nEND\nexit 1\n`);
    await chmod(script, 0o755);
    await server.configure([`ForceCommand ${script}`]);
    await using source = await open();

    expect(await reasonOf(source.head(never))).toBe(reason);
    const message = await failureOf(source);
    expect(message.length).toBeLessThan(900);
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(message).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(message).toContain('the server says');
  });

  it('names Git when it is not installed there', async () => {
    await server.configure(['ForceCommand PATH=/nonexistent; git-upload-pack x']);
    await using source = await open();

    expect(await failureOf(source)).toMatch(/it has no git-upload-pack.*Install Git there/);
  });
});

describe('MirrorSource over SSH trusts a server', () => {
  it.each(keyTypes)('whose %s key is known, whatever others it has', async (type) => {
    const knownHostsFile = await fileOf(await server.hostKeyLine(type));
    await using source = await open({ knownHostsFile });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('whose hashed name is known', async () => {
    const knownHostsFile = await fileOf(await server.hostKeyLine('ed25519'));
    await run('ssh-keygen', ['-q', '-H', '-f', knownHostsFile]);
    await using source = await open({ knownHostsFile });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('not when nothing is known of it, and says what it shows and what to do', async () => {
    const line = await server.hostKeyLine('ed25519');
    const knownHostsFile = await fileOf(
      `other.example.com ${line.split(' ').slice(1).join(' ')}\n@cert-authority * ssh-ed25519 x\n`,
    );
    await using source = await open({ knownHostsFile });
    const shown = readHostKey(Buffer.from(line.split(' ')[2] ?? '', 'base64'));

    expect(await reasonOf(source.head(never))).toBe('HostKeyUnknown');
    const message = await failureOf(source);
    expect(message).toContain(`"${knownHostsFile}" has no key of it (line 3 names a certificate`);
    expect(message).toContain(shown && fingerprint(shown));
    expect(message).toContain(line.trim());
    expect(await server.takeCommands()).toEqual([]);

    await writeFile(knownHostsFile, message.slice(message.lastIndexOf('[127')));
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('not when its key has changed', async () => {
    const other = await publicKey(await makeKey(join(scratch.path, `other-${count}`), 'ed25519'));
    const knownHostsFile = await fileOf(`${server.name} ${other}\n`);
    await using source = await open({ knownHostsFile });

    expect(await reasonOf(source.head(never))).toBe('HostKeyChanged');
    expect(await failureOf(source)).toContain('THE KEY OF THE HOST HAS CHANGED');
    expect(await server.takeCommands()).toEqual([]);
  });

  it('not when its key is revoked', async () => {
    const line = await server.hostKeyLine('ed25519');
    const knownHostsFile = await fileOf(`${line}@revoked * ${line.split(' ').slice(1).join(' ')}`);
    await using source = await open({ knownHostsFile });

    expect(await reasonOf(source.head(never))).toBe('HostKeyChanged');
    expect(await failureOf(source)).toContain('is revoked');
  });

  it('not when it has no key of a type that is known of it', async () => {
    const [ecdsa, rsa] = [await server.hostKeyLine('ecdsa'), await server.hostKeyLine('rsa')];
    const knownHostsFile = await fileOf(ecdsa);
    await server.configure([`HostKeyAlgorithms rsa-sha2-512`]);
    await using source = await open({ knownHostsFile });
    expect(await failureOf(source)).toMatch(/only keys of the type ecdsa-sha2-nistp256, and none/);

    await writeFile(knownHostsFile, rsa);
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('no more, once its line is taken away', async () => {
    const knownHostsFile = await fileOf(await server.hostKeyLine('ed25519'));
    await using source = await open({ knownHostsFile });
    await source.head(never);
    await writeFile(knownHostsFile, '# nobody\n');

    expect(await reasonOf(source.head(never))).toBe('HostKeyUnknown');
  });

  it('never without a file', async () => {
    const opening = open({ knownHostsFile: undefined });

    await expect(opening).rejects.toThrow(UsageError);
    await expect(opening).rejects.toThrow(/knownHostsFile/);
  });
});

describe('MirrorSource over SSH logs in', () => {
  it.each(['ed25519', 'rsa', 'ecdsa'])('with an %s key', async (type) => {
    const keyFile = await makeKey(join(scratch.path, `key-${count}`), type);
    await server.authorize(`${await publicKey(keyFile)}\n`);
    await using source = await open({ keyFile });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it.each([
    { format: 'OpenSSH', flags: [] },
    { format: 'PEM', flags: ['-m', 'PEM'] },
  ])('with an encrypted $format key and its passphrase', async ({ flags }) => {
    const keyFile = await makeKey(join(scratch.path, `locked-${count}`), 'rsa');
    await server.authorize(`${await publicKey(keyFile)}\n`);
    await run('ssh-keygen', ['-q', '-p', ...flags, '-P', '', '-N', 'pass phrase', '-f', keyFile]);
    const passphraseFile = await fileOf('pass phrase\n');
    await using source = await open({ keyFile, passphraseFile });
    expect(await contentOfHead(source)).toEqual({ a: '1' });

    await writeFile(passphraseFile, 'wrong');
    expect(await failureOf(source)).toBe(
      `Cannot use the SSH key "${keyFile}": the passphrase in "${passphraseFile}" does not open it`,
    );
    await using without = await open({ keyFile }, { stateDir: join(scratch.path, 'without') });
    expect(await failureOf(without)).toContain('it is encrypted. Name the file');
  });

  it('with what an agent holds', async () => {
    const keys = [
      await makeKey(join(scratch.path, `stranger-${count}`), 'ed25519'),
      await makeKey(join(scratch.path, `held-${count}`), 'rsa'),
    ] as const;
    await server.authorize(`${await publicKey(keys[1])}\n`);
    await using agent = await startSshAgent(join(scratch.path, `agent-${count}`), keys);
    await using source = await open({ keyFile: undefined, agent: agent.socket });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('with a key that replaces another, without being opened again', async () => {
    const keyFile = await makeKey(join(scratch.path, `old-${count}`), 'ed25519');
    await using source = await open({ keyFile });
    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');

    await copyFile(server.keyFile, `${keyFile}.new`);
    await rename(`${keyFile}.new`, keyFile);

    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('not without a key and an agent', async () => {
    await expect(open({ keyFile: undefined })).rejects.toThrow(/sshKeyFile.*sshAgent/);
  });

  it.each([
    { name: 'it is a stranger to the server', text: null, why: /the server takes not "/ },
    { name: 'its file is missing', text: undefined, why: /^Cannot read the SSH key ".*ENOENT/ },
    { name: 'its file is empty', text: ' \n', why: /^Cannot use the SSH key ".*it is empty/ },
    { name: 'its file is something else', text: 'planted-5ecret', why: /it is no private key/ },
    { name: 'its file is the public half', text: 'public', why: /the public half/ },
  ])('not with a key when $name', async ({ text, why }) => {
    const stranger = await makeKey(join(scratch.path, `stranger-${count}`), 'ed25519');
    let keyFile = stranger;
    if (text === undefined) keyFile = join(scratch.path, 'nonexistent');
    else if (text === 'public') keyFile = `${stranger}.pub`;
    else if (text !== null) keyFile = await fileOf(text);
    await using source = await open({ keyFile });

    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
    const message = await failureOf(source);
    expect(message).toMatch(why);
    expect(message).toContain(keyFile);
    expect(message).not.toContain('5ecret');
  });

  it('not with an agent that hangs up', async () => {
    const agent = join(scratch.path, `broken-${count}`);
    const broken = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => broken.listen(agent, resolve));
    await using source = await open({ keyFile: undefined, agent });
    const failure: unknown = await source.head(never).catch((error: unknown) => error);
    await new Promise((resolve) => broken.close(resolve));

    expect(failure).toMatchObject({
      reason: 'AuthenticationFailed',
      message: expect.stringContaining(agent),
    });
  });

  it('not with an agent that is not there, or has no key that fits', async () => {
    const missing = join(scratch.path, 'no-agent');
    await using none = await open({ keyFile: undefined, agent: missing });
    expect(await failureOf(none)).toBe(
      `Cannot use the SSH agent "${missing}": there is no such socket`,
    );
    await using agent = await startSshAgent(join(scratch.path, `empty-${count}`), []);
    const stateDir = join(scratch.path, 'agent-state');
    await using empty = await open({ keyFile: undefined, agent: agent.socket }, { stateDir });
    expect(await failureOf(empty)).toMatch(/takes no key of the agent/);
  });

  it('not when an agent offers more keys than the server has patience for', async () => {
    const keys = [1, 2, 3].map((number) => join(scratch.path, `stranger-${count}-${number}`));
    for (const key of keys) await makeKey(key, 'ed25519');
    await server.configure(['MaxAuthTries 1']);
    await using agent = await startSshAgent(join(scratch.path, `many-${count}`), keys);
    await using source = await open({ keyFile: undefined, agent: agent.socket });

    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
  });

  it('not with a file that everybody may write', async () => {
    const keyFile = await fileOf(await readFile(server.keyFile, 'utf8'));
    await chmod(keyFile, 0o666);
    await using source = await open({ keyFile });

    expect(await failureOf(source)).toContain('everybody on this machine may write it');
  });
});
