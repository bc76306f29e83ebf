import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { openJournal } from '../../../src/journal/open-journal.ts';
import { UsageError } from '../../../src/model/errors.ts';
import { Follower } from '../../../src/reconcile/follower.ts';
import { formatListenAddress } from '../../../src/server/listen-address.ts';
import { openWebhookServer, type WebhookServer } from '../../../src/server/webhook-server.ts';
import { readSecret } from '../../../src/secrets/credential-file.ts';
import { eventually } from '../../support/eventually.ts';
import { createRepository, scratchFolder } from '../../support/git-repository.ts';
import { startGitServer } from '../../support/git-server.ts';
import { testKey } from '../../support/load-files.ts';
import { openTestSource } from '../../support/open-test-source.ts';

const secret = 'planted-webhook-secret';
const listen = { host: '127.0.0.1', port: 0 };

interface Listening extends AsyncDisposable {
  readonly url: string;
  readonly server: WebhookServer;
  readonly hints: () => number;
  readonly log: readonly string[];
}

async function listening(read = async (): Promise<string> => secret): Promise<Listening> {
  const log: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => void log.push(line) });
  let hints = 0;
  const onHint = (): void => {
    hints += 1;
  };
  const server = await openWebhookServer({ listen, readSecret: read, logger, onHint });
  return {
    url: `http://${formatListenAddress(server.address)}`,
    server,
    hints: () => hints,
    log,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function signed(body: string, key = secret): RequestInit {
  const digest = createHmac('sha256', key).update(body).digest('hex');
  return { method: 'POST', body, headers: { 'x-hub-signature-256': `sha256=${digest}` } };
}

interface SlowCallers extends AsyncDisposable {
  /** How many are still connected. */
  readonly held: () => number;
  readonly isHeld: (caller: number) => boolean;
}

/** Callers who send half a request and nothing more, one after the other; all have been taken when it resolves. */
async function slowCallers({ server }: Listening, count: number): Promise<SlowCallers> {
  const closed = new Set<number>();
  const sockets: Socket[] = [];
  for (let caller = 0; caller < count; caller += 1) {
    const socket = connect(server.address.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('close', () => closed.add(caller));
    socket.write('POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{');
    await once(socket, 'connect');
  }
  return {
    held: () => count - closed.size,
    isHeld: (caller) => !closed.has(caller),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe('openWebhookServer()', () => {
  it.each([
    { name: 'a signed one', path: '/webhooks/github?x=1', init: signed('{}'), status: 202 },
    { name: 'another secret', path: '/webhooks/github', init: signed('{}', 'x'), status: 401 },
    { name: 'no signature', path: '/webhooks/gitlab', init: { method: 'POST' }, status: 401 },
    { name: 'a look at it', path: '/webhooks/github', init: {}, status: 405 },
    { name: 'another path', path: '/webhooks/other', init: signed('{}'), status: 404 },
    { name: 'a path above', path: '/', init: {}, status: 404 },
    {
      name: 'a large body that is signed',
      path: '/webhooks/github',
      init: signed('x'.repeat(10_000_000)),
      status: 202,
    },
    {
      name: 'a body that is too large',
      path: '/webhooks/github',
      init: signed('x'.repeat(27_000_000)),
      status: 413,
    },
  ])('$name: $status', async ({ path, init, status }) => {
    await using server = await listening();

    const response = await fetch(server.url + path, init);

    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message: expect.stringMatching(/./) as string });
    expect(server.hints()).toBe(status === 202 ? 1 : 0);
    expect(server.log.join('')).not.toContain(secret);
  });

  it('says in the log alone that its secret cannot be read, and takes the new one', async () => {
    await using scratch = await scratchFolder();
    const file = join(scratch.path, 'secret');
    await using server = await listening(() => readSecret(file, 'webhook secret file'));

    const before = await fetch(`${server.url}/webhooks/github`, signed('{}'));
    await writeFile(file, `${secret}\n`);
    const after = await fetch(`${server.url}/webhooks/github`, signed('{}'));

    expect([before.status, after.status]).toEqual([503, 202]);
    expect(await before.text()).not.toContain(file);
    expect(server.log.join('')).toContain(`Cannot read the webhook secret file \\"${file}\\"`);
  });

  it('ends beside callers who never finish', async () => {
    const server = await listening();
    const { port } = server.server.address;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{');
    await new Promise((resolve) => {
      socket.once('connect', resolve);
    });

    await server[Symbol.asyncDispose]();

    expect(server.hints()).toBe(0);
    socket.destroy();
  });

  it('answers others while callers who never finish hold all that it has', async () => {
    await using server = await listening();
    await using slow = await slowCallers(server, 150);

    const response = await fetch(`${server.url}/webhooks/github`, signed('{}'));

    expect(response.status).toBe(202);
    await eventually('those above the bound are closed', async () =>
      slow.held() < 100 ? true : null,
    );
    expect(slow.held()).toBeGreaterThan(90);
    expect(slow.isHeld(0)).toBe(false);
  });

  it('closes those of whoever holds most, and nobody who is slow and alone', async () => {
    await using server = await listening();
    const { port } = server.server.address;
    const alone = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    const { headers } = signed('{}');
    const signature = new Headers(headers).get('x-hub-signature-256');
    alone.write(
      `POST /webhooks/github HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: ${signature}\r\ncontent-length: 2\r\n\r\n{`,
    );
    await once(alone, 'connect');
    await using slow = await slowCallers(server, 150);

    alone.write('}');

    const [answer] = (await once(alone, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 202 /);
    expect(slow.held()).toBeGreaterThan(90);
    alone.destroy();
  });

  it('cannot listen where somebody else does', async () => {
    await using first = await listening();
    const parts = { readSecret: async () => secret, logger: pino({ level: 'silent' }) };
    const { address } = first.server;

    const second = openWebhookServer({ ...parts, listen: address, onHint: () => {} });

    await expect(second).rejects.toThrow(UsageError);
    await expect(second).rejects.toThrow(`Cannot listen at 127.0.0.1:${address.port}`);
  });
});

it('a webhook brings a commit into force long before the next poll', async () => {
  await using scratch = await scratchFolder();
  const repository = await createRepository(join(scratch.path, 'fleet'));
  const fleet = 'name: test\nhosts: [{ name: h, endpoint: "tcp://192.0.2.1:2376" }]\n';
  await repository.commit({ 'fleet.yaml': fleet, 'shop/compose.yaml': manifest('v1') });
  await using gitServer = await startGitServer(scratch.path);
  const stateDir = join(scratch.path, 'state');
  const logger = pino({ level: 'silent' });
  using journal = openJournal(stateDir, logger);
  await using source = await openTestSource({ repository: `${gitServer.url}/fleet`, stateDir });
  await using follower = new Follower({
    source,
    journal,
    logger,
    nonFastForward: 'refuse',
    path: '',
    key: testKey,
    cache: new Map(),
    onAccepted: ({ desired }) => journal.accept(desired.revision, ['shop']),
  });
  const onHint = (): void => follower.hint();
  await using server = await openWebhookServer({
    listen,
    readSecret: async () => secret,
    logger,
    onHint,
  });
  await follower.start();
  await eventually('the first commit', async () => journal.accepted());
  const pushed = await repository.commit({ 'shop/compose.yaml': manifest('v2') });

  await fetch(`http://${formatListenAddress(server.address)}/webhooks/github`, signed('{}'));

  await eventually('the commit that was pushed', async () =>
    journal.accepted()?.commit === pushed ? true : null,
  );
  expect(journal.accepted()?.commit).toBe(pushed);
});

function manifest(tag: string): string {
  return `services: { web: { image: "app:${tag}" } }\n`;
}
