import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import { describe, expect, it } from 'vitest';

import type { EntranceQuestion } from '../../../src/reconcile/ask-entrance.ts';
import { askEntrance } from '../../../src/reconcile/ask-entrance.ts';
import { makeAuthority, makeCertificate } from '../../support/certificates.ts';
import { scratchFolder } from '../../support/git-repository.ts';
import { never } from '../../support/open-test-source.ts';
import { startRecorder } from '../../support/recorder.ts';
import { freePort, listenHttp, listenTcp } from './servers.ts';

const proof = { path: '/ready', timeoutMs: 10_000, expectStatus: null };

const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

function ask(
  port: number,
  facts: Partial<EntranceQuestion['proof']> = {},
  signal = never,
): Promise<string | null> {
  const entrance = `http://127.0.0.1:${port}`;
  const question = { entrance, host: 'shop.example.com', proof: { ...proof, ...facts } };
  return askEntrance(question, signal);
}

describe('askEntrance()', () => {
  it.each([
    [200, null],
    [302, null],
    [404, null],
    [500, 'HTTP 500'],
    [503, 'HTTP 503'],
  ])('takes status %i for %s', async (status, reason) => {
    await using server = await listenHttp((_request, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end('body');
    });

    expect(await ask(server.port)).toBe(reason);
  });

  it('takes no other status than the one that is expected', async () => {
    await using server = await listenHttp((_request, response) => {
      response.writeHead(404).end();
    });

    expect(await ask(server.port, { expectStatus: 404 })).toBeNull();
    expect(await ask(server.port, { expectStatus: 200 })).toBe('HTTP 404');
  });

  it('asks once, for the path at the host, and keeps no connection', async () => {
    const asked: string[] = [];
    await using server = await listenHttp(({ method, url, headers }, response) => {
      asked.push(`${method} ${url} ${headers.host} ${headers.connection}`);
      response.writeHead(301, { location: '/elsewhere' }).end();
    });

    await ask(server.port);

    expect(asked).toEqual(['GET /ready shop.example.com close']);
    await expect.poll(() => server.open.size).toBe(0);
  });

  it('says that nothing listens', async () => {
    expect(await ask(await freePort())).toBe('connection refused');
  });

  it('says that the connection is closed without an answer', async () => {
    await using server = await listenTcp((socket) => {
      socket.once('data', () => socket.end());
    });

    expect(await ask(server.port)).toBe('connection reset');
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['that has none', (): void => undefined],
    [
      'that has begun',
      (response: ServerResponse): void => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('half');
      },
    ],
  ])('does not wait longer than its time for an answer %s', async (_what, begin) => {
    await using server = await listenHttp((_request, response) => begin(response));

    expect(await ask(server.port, { timeoutMs: 200 })).toBe('no whole answer within 200 ms');
    await expect.poll(() => server.open.size).toBe(0);
  });

  it('says that an answer is cut off', async () => {
    await using server = await listenHttp((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    });

    expect(await ask(server.port)).toBe('the answer was cut off');
  });

  it('says what it cannot read in one line, and not as it was said', async () => {
    await using server = await listenTcp((socket) => {
      socket.once('data', () => socket.end('hello\n'));
    });

    expect(await ask(server.port)).toMatch(/^Parse Error[^\n]*$/);
  });

  it('asks over TLS, and believes no certificate that nobody vouches for', async () => {
    await using scratch = await scratchFolder();
    const authority = await makeAuthority(scratch.path, 'authority');
    const names = ['DNS:shop.example.com', 'IP:127.0.0.1'];
    const certificate = await makeCertificate(scratch.path, 'proxy', authority, names);
    await using server = await startRecorder(0, certificate);
    const question = { entrance: server.url, host: 'shop.example.com', proof };

    expect(await askEntrance(question, never)).toMatch(/certificate/);
    expect(server.requests).toEqual([]);
  });

  it('takes no switch to another protocol for an answer', async () => {
    await using server = await listenTcp((socket) => {
      socket.once('data', () => socket.write(switching));
    });

    expect(await ask(server.port, { timeoutMs: 2_000 })).toBe('HTTP 101');
    await expect.poll(() => server.open.size).toBe(0);
  });

  it('learns nothing from being sent to where TLS is', async () => {
    const places = ['https://shop.example.com/', 'https://login.example.com/'];
    const found: (string | null)[] = [];
    for (const location of places) {
      await using server = await listenHttp((_request, response) => {
        response.writeHead(308, { location }).end();
      });
      found.push(await ask(server.port), await ask(server.port, { expectStatus: 308 }));
    }

    const reason = 'HTTP 308, to https: give the "url" of the proof with https';
    expect(found).toEqual([reason, null, null, null]);
  });

  it('hears an answer that came while this process stood still', async () => {
    const script = `require('node:http').createServer((_request, response) => setTimeout(() => response.end(), 100))
      .listen(0, '127.0.0.1', function () { console.log(this.address().port); })`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const answer = ask(Number(line.toString()), { timeoutMs: 1_000 });
      // It has gone out by then.
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
      const until = performance.now() + 1_500;
      while (performance.now() < until) continue;

      expect(await answer).toBeNull();
    } finally {
      child.kill();
    }
  });

  it('says of an address that is none, as an engine may give one, that it is none', async () => {
    const question = { entrance: 'http://127.0.0.1:70000', host: 'shop.example.com', proof };

    expect(await askEntrance(question, never)).toBe('Invalid URL');
  });

  it('ends when it is told to stop', async () => {
    await using server = await listenHttp(() => undefined);
    const stop = new AbortController();
    const answer = ask(server.port, {}, stop.signal);

    stop.abort();

    await answer;
    await expect.poll(() => server.open.size).toBe(0);
  });
});
