import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { SourceOptions } from '../../../src/source/source-options.ts';
import { makeAuthority, makeCertificate } from '../../support/certificates.ts';
import type { BodyFault } from '../../support/git-faults.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, scratchFolder } from '../../support/git-repository.ts';
import type { Fault } from '../../support/git-server.ts';
import { startGitServer } from '../../support/git-server.ts';
import { startGithubApi } from '../../support/github-api.ts';
import { textBelow, wholeOf } from '../../support/leaks.ts';
import { never, openTestSource } from '../../support/open-test-source.ts';
import { startProxyServer } from '../../support/proxy-server.ts';
import { makeKey, publicKey, startSshServer } from '../../support/ssh-server.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let stateDir: string;
/** All that was logged, at the finest level, and all that was thrown, with its causes. */
let said: string[];

beforeAll(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(join(scratch.path, 'work'));
});
afterAll(() => scratch[Symbol.asyncDispose]());

let count = 0;
beforeEach(() => {
  count += 1;
  stateDir = join(scratch.path, `state-${count}`);
  said = [];
});

/** What is done to one side of the conversation, and how it is undone. */
type Trouble = readonly [begin: Act, end: Act];
type Act = () => Promise<void> | void;

type Facts = Pick<SourceOptions, 'repository'> & Partial<SourceOptions>;

/** Goes from trouble to trouble, each with something new to fetch, and gives the reasons of what was thrown. */
async function suffer(facts: Facts, troubles: readonly Trouble[]): Promise<readonly string[]> {
  const reasons: string[] = [];
  await repository.commit({ a: `begin ${count}` });
  await using source = await openTestSource({ idleTimeoutMs: 1500, ...facts, stateDir }, said);
  const none: Trouble = [() => {}, () => {}];
  for (const [begin, end] of [none, ...troubles]) {
    await repository.commit({ a: `${count} ${reasons.length}`, b: 'x'.repeat(500) });
    await begin();
    try {
      await source.head(never);
      reasons.push('none');
    } catch (error) {
      said.push(wholeOf(error));
      reasons.push(error instanceof Error && 'reason' in error ? String(error.reason) : 'other');
    }
    await end();
  }
  await using patient = await openTestSource({ ...facts, stateDir: `${stateDir}-2` }, said);
  await patient.head(never);
  return reasons;
}

async function expectNowhere(secrets: readonly string[]): Promise<void> {
  expect(secrets.every((secret) => secret.length > 8)).toBe(true);
  const written = await textBelow(stateDir);
  expect(written).toContain('accepted.json');
  for (const text of [...said, written]) {
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  }
}

/** The lines of a PEM file that are not public. */
async function linesOf(file: string): Promise<readonly string[]> {
  return (await readFile(file, 'utf8')).split('\n').filter((line) => /^[\w+/=]{20,}$/.test(line));
}

async function fileOf(name: string, text: string): Promise<string> {
  const file = join(scratch.path, `${count}-${name}`);
  await writeFile(file, text);
  return file;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

const spoilt: readonly BodyFault[] = [
  { kind: 'html' },
  { kind: 'break', at: 100 },
  { kind: 'cut', at: 100 },
];

describe('what is secret appears nowhere', { timeout: 120_000 }, () => {
  it('over https: a bearer token, the key of a certificate, the password of a proxy', async () => {
    const folder = join(scratch.path, 'pki');
    const authority = await makeAuthority(folder, 'authority');
    const own = await makeCertificate(folder, 'server', authority, ['IP:127.0.0.1']);
    const client = await makeCertificate(folder, 'client', authority, ['DNS:operator']);
    const [cert, key, ca] = await Promise.all(
      [own.cert, own.key, authority.cert].map((file) => readFile(file)),
    );
    const rules = { requestCert: true, rejectUnauthorized: true };
    await using server = await startGitServer(scratch.path, { cert, key, ca, ...rules });
    await using other = await startGitServer(scratch.path);
    await using proxy = await startProxyServer();
    server.scheme = 'Bearer';
    server.token = 'planted-bearer-1f';
    proxy.credentials = 'ada:planted-proxy-2e';
    const caFile = await fileOf('ca', await readFile(authority.cert, 'utf8'));
    const clientKeyFile = await fileOf('key', await readFile(client.key, 'utf8'));
    const location = `${other.url}/moved/info/refs?service=git-upload-pack`;
    const faults: readonly Fault[] = [
      ...spoilt,
      { kind: 'hang' },
      ...[401, 403, 404, 500].map((status) => ({ kind: 'status', status }) as const),
      { kind: 'redirect', status: 302, location },
    ];
    const well = (): void => {
      server.faults = {};
    };

    const reasons = await suffer(
      {
        repository: `${server.url}/work`,
        tokenFile: await fileOf('token', server.token),
        http: {
          tokenScheme: 'bearer',
          caFile,
          clientCertFile: client.cert,
          clientKeyFile,
          proxy: { url: proxy.url, credentialsFile: await fileOf('proxy', proxy.credentials) },
        },
      },
      [
        ...(['refs', 'pack'] as const).flatMap((phase) =>
          faults.map((fault) => {
            const begin = (): void => {
              server.faults = { [phase]: fault };
            };
            return [begin, well] as const;
          }),
        ),
        [
          () => writeFile(clientKeyFile, 'damaged'),
          async () => writeFile(clientKeyFile, await readFile(client.key)),
        ],
        [
          () => writeFile(caFile, 'damaged'),
          async () => writeFile(caFile, await readFile(authority.cert)),
        ],
        [
          () => {
            server.token = 'another-token';
          },
          () => {
            server.token = 'planted-bearer-1f';
          },
        ],
        [() => server.stop(), () => server.start()],
      ],
    );

    expect(reasons.filter((reason) => reason === 'none')).toHaveLength(1);
    expect(new Set(reasons)).toEqual(
      new Set([
        'none',
        'GitProtocol',
        'GitUnreachable',
        'AuthenticationFailed',
        'RepositoryNotFound',
      ]),
    );
    expect(other.requests).toEqual([]);
    await expectNowhere([
      'planted-bearer-1f',
      'planted-proxy-2e',
      base64('ada:planted-proxy-2e'),
      ...(await linesOf(client.key)),
    ]);
  });

  it('with a GitHub App: its key, what it signs, its token', async () => {
    const { privateKey, publicKey: key } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const app = { appId: '12345', installationId: '678' };
    await using api = await startGithubApi({ ...app, publicKey: key, prefix: 'planted-ghs' });
    await using server = await startGitServer(scratch.path);
    // The next token each time, and none that is taken.
    api.lifeMs = 0;
    const keyFile = await fileOf('app', privateKey);
    const trouble = (status: number, body: string): Trouble => [
      () => {
        api.trouble = { status, body };
      },
      () => {
        api.trouble = undefined;
      },
    ];

    const reasons = await suffer(
      {
        repository: `${server.url}/work`,
        http: { githubApp: { ...app, keyFile, apiUrl: api.url } },
      },
      [
        trouble(500, '{"message":"no"}'),
        trouble(404, '{"message":"no"}'),
        trouble(201, '{"token":17}'),
        [
          () => {
            server.token = 'another-token';
          },
          () => {
            server.token = undefined;
          },
        ],
        [() => writeFile(keyFile, privateKey.slice(0, 300)), () => writeFile(keyFile, privateKey)],
        [() => server.stop(), () => server.start()],
      ],
    );

    expect(reasons.slice(1)).not.toContain('none');
    expect(api.given.length).toBeGreaterThan(3);
    const lines = await linesOf(keyFile);
    await expectNowhere([
      'planted-ghs',
      base64('x-access-token:planted-ghs').slice(0, 30),
      'Bearer eyJ',
      ...lines,
    ]);
  });

  it('over SSH: a key and its passphrase', async () => {
    const folder = join(scratch.path, 'ssh');
    await mkdir(folder);
    await using server = await startSshServer(folder);
    const keyFile = await makeKey(join(scratch.path, 'locked'), 'ed25519', 'planted-passphrase-3d');
    await server.authorize(`${await publicKey(keyFile)}\n`);
    const passphraseFile = await fileOf('passphrase', 'planted-passphrase-3d\n');
    const known = await readFile(server.knownHostsFile, 'utf8');
    const lines = await linesOf(keyFile);
    const well = (): Promise<void> => server.setFaults({});
    const stranger = await publicKey(await makeKey(join(scratch.path, 'stranger'), 'ed25519'));

    const reasons = await suffer(
      {
        repository: server.url(repository.path),
        // A login takes its time on a busy machine.
        idleTimeoutMs: 4000,
        ssh: { keyFile, passphraseFile, knownHostsFile: server.knownHostsFile },
      },
      [
        ...(['refs', 'pack'] as const).flatMap((phase) =>
          [...spoilt, { kind: 'hang' } as const].map(
            (fault) => [() => server.setFaults({ [phase]: fault }), well] as const,
          ),
        ),
        [
          () => writeFile(passphraseFile, 'planted-wrong-4c'),
          () => writeFile(passphraseFile, 'planted-passphrase-3d'),
        ],
        [
          () => writeFile(server.knownHostsFile, '# none'),
          () => writeFile(server.knownHostsFile, known),
        ],
        [
          () => writeFile(server.knownHostsFile, `${server.name} ${stranger}`),
          () => writeFile(server.knownHostsFile, known),
        ],
        [() => server.stop(), () => server.start()],
      ],
    );

    expect(reasons.slice(1)).not.toContain('none');
    expect(new Set(reasons)).toEqual(
      new Set([
        'none',
        'GitProtocol',
        'GitUnreachable',
        'AuthenticationFailed',
        'HostKeyUnknown',
        'HostKeyChanged',
      ]),
    );
    await expectNowhere(['planted-passphrase-3d', 'planted-wrong-4c', ...lines]);
  });
});
