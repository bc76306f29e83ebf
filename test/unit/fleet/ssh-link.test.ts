import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { readCredentials } from '../../../src/fleet/credentials.ts';
import type { EngineRequest } from '../../../src/fleet/docker-host.ts';
import { EngineClient } from '../../../src/fleet/engine-client.ts';
import { messageOf } from '../../../src/model/errors.ts';
import type { SshEndpoint } from '../../../src/model/fleet.ts';
import { toHostName } from '../../../src/model/names.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { fingerprint, readHostKey } from '../../../src/ssh/host-key.ts';
import { eventually } from '../../support/eventually.ts';
import type { ScratchFolder } from '../../support/git-repository.ts';
import { scratchFolder } from '../../support/git-repository.ts';
import type { SshServer } from '../../support/ssh-server.ts';
import { makeKey, startSshServer } from '../../support/ssh-server.ts';

/** The server may have to be installed first. */
const setUpMs = 120_000;
const name = toHostName('host-1');
const signal = new AbortController().signal;

let scratch: ScratchFolder;
let server: SshServer;
let engine: Server;
let socket: string;
let listener: RequestListener;
/** Connections to the engine: those that are open, and the most at a time. */
let open = 0;
let most = 0;
const clients: EngineClient[] = [];

beforeAll(async () => {
  scratch = await scratchFolder();
  await mkdir(join(scratch.path, 'ssh'));
  server = await startSshServer(join(scratch.path, 'ssh'));
  await mkdir(join(scratch.path, name));
  socket = join(scratch.path, 'docker.sock');
  engine = createServer((request, response) => listener(request, response));
  engine.on('connection', (connection) => {
    open += 1;
    most = Math.max(most, open);
    connection.once('close', () => (open -= 1));
  });
  engine.listen(socket);
  await once(engine, 'listening');
}, setUpMs);
afterAll(async () => {
  engine.closeAllConnections();
  engine.close();
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

beforeEach(async () => {
  listener = (request, response) => response.end(JSON.stringify({ url: request.url }));
  await put('id_ed25519', await readFile(server.keyFile, 'utf8'));
  await put('known_hosts', await readFile(server.knownHostsFile, 'utf8'));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.configure([]);
  await eventually('the last connection to end', async () => (open === 0 ? true : null));
  most = 0;
});

/** Writes a file of the host's folder of credentials. */
function put(file: string, text: string): Promise<void> {
  return writeFile(join(scratch.path, name, file), text, { mode: 0o600 });
}

async function connect(more: Partial<SshEndpoint> = {}): Promise<EngineClient> {
  const { user, port } = server;
  const here: SshEndpoint = { kind: 'ssh', user, host: '127.0.0.1', port, path: socket };
  const endpoint = { ...here, ...more };
  const credentials = await readCredentials(scratch.path, { name, endpoint });
  const client = new EngineClient(endpoint, credentials, systemClock, () => undefined);
  clients.push(client);
  return client;
}

function ask(path: string, fields: Partial<EngineRequest> = {}): EngineRequest {
  return { what: `ask ${path}`, path, deadlineMs: 20_000, signal, ...fields };
}

async function failureOf(client: Promise<EngineClient>): Promise<string> {
  return (await client).json(ask('/info')).then(() => 'none', messageOf);
}

/** Answers with the requests only once so many have come. */
function together(count: number): RequestListener {
  const waiting: [IncomingMessage, ServerResponse][] = [];
  return (request, response) => {
    waiting.push([request, response]);
    if (waiting.length < count) return;
    for (const [{ url }, answer] of waiting.splice(0)) answer.end(JSON.stringify({ url }));
  };
}

describe('An engine over SSH', () => {
  it('is asked forty things at once over one connection and eight channels, which are kept', async () => {
    const before = server.connections;
    const client = await connect();
    const paths = Array.from({ length: 40 }, (_, index) => `/containers/${index}/json`);
    const askAll = (): Promise<unknown> => Promise.all(paths.map((path) => client.json(ask(path))));
    listener = together(8);

    const answers = [await askAll(), await askAll()];

    const expected = paths.map((url) => ({ url }));
    expect(answers).toEqual([expected, expected]);
    expect([server.connections - before, most]).toEqual([1, 8]);
  });

  it('tells its events beside calls, and takes an archive', async () => {
    const bytes = Buffer.alloc(3_000_000, 7);
    listener = (request, response) => {
      if (request.url === '/events') return void response.write('{}\n');
      let length = 0;
      request.on('data', (chunk: Buffer) => (length += chunk.length));
      request.on('end', () => response.end(JSON.stringify({ length })));
    };
    const client = await connect();
    const events = await client.stream(ask('/events'));

    const sent = { method: 'PUT', archive: bytes } as const;
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => client.json(ask('/containers/a/archive', sent))),
    );

    expect(answers).toEqual(answers.map(() => ({ length: bytes.length })));
    expect(String((await once(events, 'data'))[0])).toBe('{}\n');
    events.destroy();
  });

  it('gives a large answer whole to a reader that is slow', async () => {
    const bytes = Buffer.alloc(8_000_000, 'x');
    listener = (_request, response) => response.end(bytes);
    const client = await connect();
    const stream = await client.stream(ask('/containers/a/archive'));

    let length = 0;
    for await (const chunk of stream) {
      length += (chunk as Buffer).length;
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(length).toBe(bytes.length);
  });

  it('that is cut off in the middle of a call may have done it, and there is no more way to it', async () => {
    const client = await connect();
    await client.json(ask('/info'));
    listener = () => server.disconnect();

    const stopping = client.send(ask('/containers/a/stop', { method: 'POST' }));

    await expect(stopping).rejects.toMatchObject({ trouble: 'lost' });
    const next = client.json(ask('/info'));
    await expect(next).rejects.toMatchObject({ trouble: 'unreachable' });
  });

  it('keeps a call that is under way when it is closed, and ends the connection after it', async () => {
    const client = await connect();
    const asked = new Promise<ServerResponse>((resolve) => {
      listener = (_request, response) => resolve(response);
    });
    const asking = client.json(ask('/info'));
    const response = await asked;

    client.close();
    response.end('{}');

    expect(await asking).toEqual({});
    await expect(client.json(ask('/info'))).rejects.toMatchObject({ trouble: 'unreachable' });
  });
});

describe('An engine over SSH is refused', () => {
  it('when nothing is known of the host, with its fingerprint and what to do', async () => {
    const file = join(scratch.path, name, 'known_hosts');
    await put('known_hosts', '# nobody\n');

    const message = await failureOf(connect());

    const [, , base64 = ''] = (await server.hostKeyLine('ed25519')).trim().split(' ');
    const shown = readHostKey(Buffer.from(base64, 'base64'));
    if (shown === undefined) throw new Error('it can be read');
    expect(message).toContain(`"${file}" has no key of it`);
    expect(message).toContain(fingerprint(shown));
  });

  it('when the key of the host has changed', async () => {
    const other = await makeKey(join(scratch.path, 'other-host'), 'ed25519');
    const [type, key] = (await readFile(`${other}.pub`, 'utf8')).split(' ');
    await put('known_hosts', `${server.name} ${type} ${key}\n`);

    expect(await failureOf(connect())).toContain('THE KEY OF THE HOST HAS CHANGED');
  });

  it('when the host does not take the key', async () => {
    const other = await makeKey(join(scratch.path, 'other-client'), 'ed25519');
    await put('id_ed25519', await readFile(other, 'utf8'));

    const message = await failureOf(connect());

    expect(message).toContain(`Cannot log in to ${server.name} as ${server.user}`);
  });

  it('when nothing listens there', async () => {
    const message = await failureOf(connect({ port: 1 }));

    const expected = 'over SSH: nothing listens at that port (ECONNREFUSED)';
    expect(message).toBe(`Cannot reach [127.0.0.1]:1 ${expected}`);
  });

  it('when there is neither a socket nor a program that leads to it', async () => {
    const message = await failureOf(connect({ path: '/does/not/exist.sock' }));

    expect(message).toContain('it does not forward to /does/not/exist.sock, and docker');
    expect(message).toContain(`that ${server.user} may use its socket`);
  });
});
