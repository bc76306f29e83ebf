import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { messageOf, UsageError } from '../../../src/model/errors.ts';
import { isSpared } from '../../../src/source/proxy.ts';
import type { HttpOptions, SourceOptions } from '../../../src/source/source-options.ts';
import type { Source } from '../../../src/source/source.ts';
import type { Certificate } from '../../support/certificates.ts';
import { makeAuthority, makeCertificate } from '../../support/certificates.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, scratchFolder } from '../../support/git-repository.ts';
import type { GitServer } from '../../support/git-server.ts';
import { startGitServer } from '../../support/git-server.ts';
import type { GithubApi } from '../../support/github-api.ts';
import { startGithubApi } from '../../support/github-api.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';
import type { ProxyServer } from '../../support/proxy-server.ts';
import { startProxyServer } from '../../support/proxy-server.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let authority: Certificate;
let stranger: Certificate;
let serverCertificate: Certificate;
let client: Certificate;
let count = 0;
/** What is to be ended after a test. */
const running: AsyncDisposable[] = [];

beforeAll(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(join(scratch.path, 'work'));
  await repository.commit({ a: '1' });
  const folder = join(scratch.path, 'pki');
  authority = await makeAuthority(folder, 'authority');
  stranger = await makeAuthority(folder, 'stranger');
  const names = ['IP:127.0.0.1', 'DNS:git.example.com'];
  serverCertificate = await makeCertificate(folder, 'server', authority, names);
  client = await makeCertificate(folder, 'client', authority, ['DNS:operator']);
});
afterAll(() => scratch[Symbol.asyncDispose]());

beforeEach(() => {
  count += 1;
});
afterEach(async () => {
  for (const each of running.splice(0)) await each[Symbol.asyncDispose]();
});

async function secureServer(wantsCertificate = false): Promise<GitServer> {
  const [cert, key, ca] = await Promise.all(
    [serverCertificate.cert, serverCertificate.key, authority.cert].map((file) => readFile(file)),
  );
  const rules = wantsCertificate ? { requestCert: true, rejectUnauthorized: true, ca } : {};
  return started(await startGitServer(scratch.path, { cert, key, ...rules }));
}

function started<Service extends AsyncDisposable>(service: Service): Service {
  running.push(service);
  return service;
}

async function open(
  url: string,
  http: HttpOptions = {},
  more: Partial<SourceOptions> = {},
): Promise<Source> {
  const stateDir = join(scratch.path, `state-${count}-${running.length}`);
  const facts = { repository: `${url}/work`, stateDir, idleTimeoutMs: 3000, http, ...more };
  return started(await openTestSource(facts));
}

/** The URL of a server by a name that only the proxy knows. */
function hidden({ url }: GitServer): string {
  return url.replace('127.0.0.1', 'git.example.com');
}

async function fileOf(text: string): Promise<string> {
  const file = join(scratch.path, `file-${(count += 1)}`);
  await writeFile(file, text);
  return file;
}

async function failureOf(source: Source): Promise<string> {
  return source.head(never).then(() => 'none', messageOf);
}

describe('MirrorSource over https', () => {
  it('trusts an authority of its own, beside all others', async () => {
    const server = await secureServer();
    const source = await open(server.url, { caFile: authority.cert });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('trusts nobody who is not named', async () => {
    const server = await secureServer();
    for (const http of [{}, { caFile: stranger.cert }]) {
      const source = await open(server.url, http);

      expect(await reasonOf(source.head(never))).toBe('GitUnreachable');
      expect(await failureOf(source)).toMatch(/nobody who is trusted vouches.*caFile/);
    }
    expect(server.requests).toEqual([]);
  });

  it('does not take the certificate of another name', async () => {
    const server = await secureServer();
    const url = server.url.replace('127.0.0.1', 'localhost');
    const source = await open(url, { caFile: authority.cert });

    expect(await failureOf(source)).toContain('its certificate is for another name');
  });

  it('takes another authority without being opened again', async () => {
    const server = await secureServer();
    const caFile = await fileOf(await readFile(stranger.cert, 'utf8'));
    const source = await open(server.url, { caFile });
    expect(await reasonOf(source.head(never))).toBe('GitUnreachable');

    await writeFile(caFile, await readFile(authority.cert));
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('shows its client certificate, and takes a new one without being opened again', async () => {
    const server = await secureServer(true);
    const own = await makeCertificate(join(scratch.path, `pki-${count}`), 'own', stranger, [
      'DNS:operator',
    ]);
    const http = {
      caFile: authority.cert,
      clientCertFile: own.cert,
      clientKeyFile: own.key,
    };
    const source = await open(server.url, http);
    // This server hangs up without a word.
    expect(await reasonOf(source.head(never))).toBe('GitUnreachable');

    await writeFile(own.key, await readFile(client.key));
    await writeFile(own.cert, await readFile(client.cert));
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('is refused without a client certificate where one is wanted', async () => {
    const server = await secureServer(true);
    const source = await open(server.url, { caFile: authority.cert });

    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
    expect(await failureOf(source)).toContain('clientCertFile');
  });

  it.each([
    { name: 'is missing', text: undefined, why: /^Cannot read the client certificate .*ENOENT/ },
    { name: 'is empty', text: '', why: /^Cannot use the client certificate .*it is empty/ },
    { name: 'is no PEM', text: '5ecret', why: /^Cannot use the client cert.*it is not a PEM file/ },
    {
      name: 'is damaged',
      text: '-----BEGIN CERTIFICATE-----\n5ecret\n-----END CERTIFICATE-----\n',
      why: /^Cannot use the client certificate /,
    },
  ])('names a certificate that $name, and not what is in it', async ({ text, why }) => {
    const server = await secureServer(true);
    const clientCertFile = text === undefined ? join(scratch.path, 'no') : await fileOf(text);
    const source = await open(server.url, { clientCertFile, clientKeyFile: client.key });

    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
    expect(await failureOf(source)).toMatch(why);
    expect(await failureOf(source)).toContain(clientCertFile);
    expect(await failureOf(source)).not.toContain('5ecret');
  });

  it('needs the key with the certificate', async () => {
    const opening = open('https://git.example.com', { clientCertFile: client.cert });

    await expect(opening).rejects.toThrow(UsageError);
    await expect(opening).rejects.toThrow(/clientKeyFile/);
  });
});

describe('MirrorSource with a bearer token', () => {
  it('sends it by itself', async () => {
    const server = started(await startGitServer(scratch.path));
    server.token = 'planted-b3arer';
    server.scheme = 'Bearer';
    const tokenFile = await fileOf('planted-b3arer\n');
    const source = await open(server.url, { tokenScheme: 'bearer' }, { tokenFile });
    expect(await contentOfHead(source)).toEqual({ a: '1' });

    const basic = await open(server.url, { tokenScheme: 'basic' }, { tokenFile });
    expect(await reasonOf(basic.head(never))).toBe('AuthenticationFailed');
  });

  it.each([
    { name: 'more than one line', text: 'planted\nx-evil: 1', mode: 0o600, why: /than one line/ },
    { name: 'what is no token', text: 'planted ü', mode: 0o600, why: /no token has/ },
    { name: 'too open a file', text: 'planted', mode: 0o666, why: /everybody .* may write it/ },
    { name: 'a folder', text: null, mode: 0o700, why: /it is no file/ },
  ])('refuses $name', async ({ text, mode, why }) => {
    const server = started(await startGitServer(scratch.path));
    const tokenFile = text === null ? join(scratch.path, `folder-${count}`) : await fileOf(text);
    if (text === null) await mkdir(tokenFile);
    await chmod(tokenFile, mode);
    const source = await open(server.url, { tokenScheme: 'bearer' }, { tokenFile });

    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
    expect(await failureOf(source)).toMatch(why);
    expect(await failureOf(source)).not.toContain('planted');
    expect(server.requests).toEqual([]);
  });
});

describe('MirrorSource with a GitHub App', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    // As GitHub gives it.
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const app = { appId: '12345', installationId: '678', publicKey, prefix: 'planted-ghs' };
  let api: GithubApi;
  let server: GitServer;
  let keyFile: string;

  beforeEach(async () => {
    api = started(await startGithubApi(app));
    server = started(await startGitServer(scratch.path));
    server.token = 'planted-ghs-1';
    keyFile = await fileOf(privateKey);
  });

  function openApp(more: Partial<NonNullable<HttpOptions['githubApp']>> = {}): Promise<Source> {
    const { appId, installationId } = app;
    const githubApp = { appId, installationId, keyFile, apiUrl: `${api.url}/`, ...more };
    return open(server.url, { githubApp });
  }

  it('gets one token, and uses it until shortly before it expires', async () => {
    const source = await openApp();
    expect(await contentOfHead(source)).toEqual({ a: '1' });
    await source.head(never);

    expect(api.given).toEqual(['planted-ghs-1']);
  });

  it('gets a new token when the one it has expires in a moment', async () => {
    api.lifeMs = 4 * 60_000;
    server.token = undefined;
    const source = await openApp();
    await source.head(never);
    const before = api.given.length;
    await source.head(never);

    expect(api.given.length).toBeGreaterThan(before);
  });

  it('gets a new token when the one it has was revoked', async () => {
    const source = await openApp();
    await source.head(never);
    server.token = 'planted-ghs-2';
    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');

    expect(await contentOfHead(source)).toEqual({ a: '1' });
    expect(api.given).toEqual(['planted-ghs-1', 'planted-ghs-2']);
  });

  it('takes a new key without being opened again', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    await writeFile(keyFile, other.export({ type: 'pkcs8', format: 'pem' }));
    const source = await openApp();
    expect(await failureOf(source)).toMatch(
      /HTTP 401 \("A JSON web token could not be decoded"\)\. Check githubAppId/,
    );
    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');

    await writeFile(keyFile, privateKey);
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('says when it is not installed there', async () => {
    const source = await openApp({ installationId: '679' });

    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
    expect(await failureOf(source)).toContain('Check githubInstallationId');
  });

  it.each([
    { status: 503, body: 'planted-oops', reason: 'GitUnreachable' },
    { status: 200, body: '<html>planted-oops</html>', reason: 'AuthenticationFailed' },
    { status: 201, body: '<html>planted-oops</html>', reason: 'GitProtocol' },
    { status: 201, body: '{"token":"","expires_at":"2030-01-01"}', reason: 'GitProtocol' },
    { status: 201, body: '{"token":"planted","expires_at":"soon"}', reason: 'GitProtocol' },
  ])('calls HTTP $status with $body $reason, and is well afterwards', async (trouble) => {
    const source = await openApp();
    api.trouble = trouble;
    expect(await reasonOf(source.head(never))).toBe(trouble.reason);
    expect(await failureOf(source)).not.toContain('planted');

    api.trouble = undefined;
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it.each([
    { name: 'no key', text: 'planted-k3y' },
    {
      name: 'a damaged key',
      text: '-----BEGIN RSA PRIVATE KEY-----\nplanted-k3y\n-----END RSA PRIVATE KEY-----\n',
    },
    {
      name: 'a key of another kind',
      text: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    },
  ])('names a file with $name, and not what is in it', async ({ text }) => {
    await writeFile(keyFile, text);
    const source = await openApp();

    expect(await reasonOf(source.head(never))).toBe('AuthenticationFailed');
    const message = await failureOf(source);
    expect(message).toContain(`Cannot use the GitHub App key "${keyFile}": it is no RSA key`);
    expect(message).not.toMatch(/planted|BEGIN/);
  });

  it('refuses a token file beside it, and an API that anybody on the way could listen to', async () => {
    const { appId, installationId } = app;
    const githubApp = { appId, installationId, keyFile, apiUrl: api.url };
    await expect(open(server.url, { githubApp }, { tokenFile: '/nonexistent' })).rejects.toThrow(
      /both a token file and a GitHub App/,
    );
    await expect(openApp({ apiUrl: 'http://github.example.com' })).rejects.toThrow(UsageError);
  });
});

describe('MirrorSource through a proxy', () => {
  let proxy: ProxyServer;

  beforeEach(async () => {
    proxy = started(await startProxyServer());
  });

  it('reaches an https server by a tunnel, in which the proxy sees nothing', async () => {
    const server = await secureServer(true);
    server.token = 'planted-t0ken';
    const tokenFile = await fileOf('planted-t0ken');
    const files = { clientCertFile: client.cert, clientKeyFile: client.key };
    const http = { caFile: authority.cert, ...files, proxy: { url: proxy.url } };
    const source = await open(hidden(server), http, { tokenFile });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT git.example.com:${server.port}`]));
  });

  it('reaches an http server by asking the proxy for the whole URL', async () => {
    const server = started(await startGitServer(scratch.path));
    const source = await open(hidden(server), { proxy: { url: proxy.url } });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
    expect(proxy.asked[0]).toMatch(
      /^GET http:\/\/git\.example\.com:\d+\/work\/info\/refs\?service=git-upload-pack$/,
    );
  });

  it('checks the certificate of the server as ever', async () => {
    const server = await secureServer();
    const source = await open(hidden(server), { proxy: { url: proxy.url } });

    expect(await failureOf(source)).toContain('nobody who is trusted vouches');
  });

  it('shows the proxy its credentials, which are taken from a file each time', async () => {
    const secure = await secureServer();
    const plain = started(await startGitServer(scratch.path));
    proxy.credentials = 'ada:planted:s3cret';
    for (const [server, why] of [
      [secure, 'AuthenticationFailed'],
      [plain, 'AuthenticationFailed'],
    ] as const) {
      const credentialsFile = await fileOf('ada:wrong');
      const http = { caFile: authority.cert, proxy: { url: proxy.url, credentialsFile } };
      const source = await open(hidden(server), http);
      expect(await reasonOf(source.head(never))).toBe(why);
      expect(await failureOf(source)).toContain('proxyCredentialsFile');

      await writeFile(credentialsFile, 'ada:planted:s3cret\n');
      expect(await contentOfHead(source)).toEqual({ a: '1' });
    }
    const forServer = [...secure.requests, ...plain.requests];
    expect(forServer.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it.each([
    { mood: 'silent', secure: true, why: /the proxy 127.* no answer|sent nothing/ },
    { mood: 'silent', secure: false, why: /sent nothing for 0.5 s/ },
    { mood: 'refusing', secure: true, why: /the proxy 127.* answers HTTP 403/ },
    { mood: 'refusing', secure: false, why: /HTTP 403/ },
  ] as const)('gives up one that is $mood (https: $secure)', async ({ mood, secure, why }) => {
    const server = secure ? await secureServer() : started(await startGitServer(scratch.path));
    const http = { caFile: authority.cert, proxy: { url: proxy.url } };
    const source = await open(hidden(server), http, { idleTimeoutMs: 500 });
    proxy.mood = mood;
    expect(await failureOf(source)).toMatch(why);

    proxy.mood = 'well';
    expect(await contentOfHead(source)).toEqual({ a: '1' });
  });

  it('gives up one that is not there', async () => {
    await proxy[Symbol.asyncDispose]();
    running.length = 0;
    const server = await secureServer();
    const source = await open(hidden(server), { proxy: { url: proxy.url } });

    expect(await failureOf(source)).toContain(
      `the proxy 127.0.0.1:${proxy.port} cannot be used: nothing listens at that port`,
    );
  });

  it('ends at once when it is cancelled while the proxy is silent', async () => {
    const server = await secureServer();
    const source = await open(hidden(server), { proxy: { url: proxy.url } });
    proxy.mood = 'silent';

    await expect(source.head(AbortSignal.timeout(100))).rejects.toHaveProperty(
      'name',
      'TimeoutError',
    );
  });

  it('passes it by for servers that are to be reached without', async () => {
    const server = started(await startGitServer(scratch.path));
    const bypass = 'example.com,127.0.0.1';
    const source = await open(server.url, { proxy: { url: proxy.url, bypass } });

    expect(await contentOfHead(source)).toEqual({ a: '1' });
    expect(proxy.asked).toEqual([]);
  });

  it.each(['https://proxy.example.com', 'proxy:3128', 'socks5://proxy.example.com', ''])(
    'refuses the URL "%s"',
    async (url) => {
      await expect(open('http://x', { proxy: { url } })).rejects.toThrow(/must look like http:/);
    },
  );

  it('refuses credentials in its URL, and does not repeat them', async () => {
    const opening = open('http://x', { proxy: { url: 'http://ada:s3cret@proxy.example.com' } });

    await expect(opening).rejects.toThrow(/proxyCredentialsFile/);
    await expect(opening).rejects.not.toThrow(/s3cret/);
  });
});

describe('isSpared()', () => {
  it.each([
    { bypass: 'git.example.com', url: 'https://git.example.com/x', spared: true },
    { bypass: 'example.com', url: 'https://git.example.com/x', spared: true },
    { bypass: '.example.com', url: 'https://git.example.com/x', spared: true },
    { bypass: '*.example.com', url: 'https://git.example.com/x', spared: true },
    { bypass: 'ample.com', url: 'https://git.example.com/x', spared: false },
    { bypass: 'a.org, EXAMPLE.com', url: 'https://git.example.com/x', spared: true },
    { bypass: '*', url: 'https://git.example.com/x', spared: true },
    { bypass: '', url: 'https://git.example.com/x', spared: false },
    { bypass: 'git.example.com:443', url: 'https://git.example.com/x', spared: true },
    { bypass: 'git.example.com:80', url: 'https://git.example.com/x', spared: false },
    { bypass: 'git.example.com:8443', url: 'https://git.example.com:8443/x', spared: true },
    { bypass: '10.0.0.1', url: 'http://10.0.0.1/x', spared: true },
    { bypass: '10.0.0.1', url: 'http://110.0.0.1/x', spared: false },
    { bypass: '[2001:db8::1]', url: 'http://[2001:db8::1]/x', spared: true },
    { bypass: '2001:db8::1', url: 'http://[2001:db8::1]/x', spared: true },
    { bypass: '[2001:db8::1]:80', url: 'http://[2001:db8::1]/x', spared: true },
  ])('of $url by "$bypass" is $spared', ({ bypass, url, spared }) => {
    expect(isSpared(new URL(url), bypass)).toBe(spared);
  });
});
