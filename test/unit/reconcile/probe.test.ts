import { describe, expect, it } from 'vitest';

import type { ProbeAnswer } from '../../../src/reconcile/probe.ts';
import { toContainerId } from '../../../src/model/names.ts';
import { probeHttp, probeTarget, probeTcp } from '../../../src/reconcile/probe.ts';
import { never } from '../../support/open-test-source.ts';
import { freePort, listenHttp, listenTcp, type Listening } from './servers.ts';

const http = {
  kind: 'http',
  port: 8080,
  path: '/ready',
  intervalMs: 100,
  timeoutMs: 10_000,
} as const;
const tcp = { kind: 'tcp', port: 5432, intervalMs: 100, timeoutMs: 10_000 } as const;

async function askHttp({ port }: Pick<Listening, 'port'>, signal = never): Promise<ProbeAnswer> {
  return await probeHttp(http, '127.0.0.1', port, signal);
}

async function askTcp({ port }: Pick<Listening, 'port'>, signal = never): Promise<ProbeAnswer> {
  return await probeTcp(tcp, '127.0.0.1', port, signal);
}

describe('probeHttp()', () => {
  it.each([
    [200, true],
    [204, true],
    [302, true],
    [399, true],
    [400, false],
    [404, false],
    [503, false],
  ])('judges status %i as %s', async (status, ok) => {
    await using server = await listenHttp((_request, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end();
    });

    expect(await askHttp(server)).toEqual({
      ok,
      isListening: true,
      detail: `HTTP ${status} from /ready`,
    });
  });

  it('says of a path that cannot be asked for that it cannot', async () => {
    const target = {
      container: toContainerId('c1'),
      startedAt: 0,
      probe: { ...http, path: '/re ady' },
      minHealthyTimeMs: 0,
      address: '127.0.0.1',
      port: await freePort(),
    };

    expect(await probeTarget(target, never)).toEqual({
      ok: false,
      isListening: false,
      detail: 'Request path contains unescaped characters',
    });
  });

  it('takes no switch to another protocol for an answer', async () => {
    await using server = await listenTcp((socket) => {
      const head =
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
      socket.once('data', () => socket.write(`${head}\r\n`));
    });

    expect(await askHttp(server)).toEqual({
      ok: false,
      isListening: true,
      detail: 'HTTP 101 from /ready',
    });
  });

  it('asks once for the path, and does not follow a redirect', async () => {
    const asked: string[] = [];
    await using server = await listenHttp(({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      response.writeHead(301, { location: '/elsewhere' }).end();
    });

    await askHttp(server);

    expect(asked).toEqual(['GET /ready']);
  });

  it("says that nothing listens, by the manifest's port", async () => {
    expect(await askHttp({ port: await freePort() })).toEqual({
      ok: false,
      isListening: false,
      detail: 'connection refused on port 8080',
    });
  });

  it('does not wait longer than its time for an answer', async () => {
    await using server = await listenHttp(() => undefined);
    const hasty = { ...http, timeoutMs: 200 };

    expect(await probeHttp(hasty, '127.0.0.1', server.port, never)).toMatchObject({
      ok: false,
      detail: 'no answer within 200 ms on port 8080',
    });
  });

  it('fails when the connection is reset', async () => {
    await using server = await listenTcp((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });

    expect(await askHttp(server)).toMatchObject({
      ok: false,
      detail: 'connection reset on port 8080',
    });
  });

  it('leaves the connection of an endless answer', async () => {
    await using server = await listenHttp((_request, response) => {
      response.writeHead(200);
      const ticking = setInterval(() => response.write('tick\n'), 10);
      response.once('close', () => clearInterval(ticking));
    });

    expect(await askHttp(server)).toMatchObject({ ok: true });
    await expect.poll(() => server.open.size).toBe(0);
  });

  it('survives that the connection is lost in the middle of the body', async () => {
    await using server = await listenHttp((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    });

    expect(await askHttp(server)).toMatchObject({ ok: true });
    await expect.poll(() => server.open.size).toBe(0);
  });

  it('ends when it is told to stop', async () => {
    await using server = await listenHttp(() => undefined);
    const stop = new AbortController();
    const answer = askHttp(server, stop.signal);

    stop.abort();

    expect(await answer).toMatchObject({ ok: false });
    await expect.poll(() => server.open.size).toBe(0);
  });
});

describe('probeTcp()', () => {
  it('passes when the connection stays open', async () => {
    await using server = await listenTcp(() => undefined);

    expect(await askTcp(server)).toEqual({
      ok: true,
      isListening: true,
      detail: 'connected on port 5432',
    });
    await expect.poll(() => server.open.size).toBe(0);
  });

  it('passes as soon as something is said', async () => {
    await using server = await listenTcp((socket) => void socket.write('220 ready\r\n'));

    expect(await askTcp(server)).toMatchObject({ ok: true });
  });

  it("fails when it is closed at once, as Docker's proxy does with nothing behind it", async () => {
    await using server = await listenTcp((socket) => void socket.end());

    expect(await askTcp(server)).toEqual({
      ok: false,
      isListening: false,
      detail: 'connection closed on port 5432',
    });
  });

  it('says that nothing listens', async () => {
    expect(await askTcp({ port: await freePort() })).toMatchObject({
      ok: false,
      detail: 'connection refused on port 5432',
    });
  });

  it('ends when it is told to stop', async () => {
    await using server = await listenTcp(() => undefined);
    const stop = new AbortController();
    const answer = askTcp(server, stop.signal);

    stop.abort();

    expect(await answer).toMatchObject({ ok: false });
  });
});
