import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { QueryReading } from '../../../src/model/autoscale.ts';
import { askPrometheus } from '../../../src/reconcile/ask-prometheus.ts';
import { never } from '../../support/open-test-source.ts';
import { Prometheus } from '../../support/prometheus.ts';
import { freePort, listenHttp, listenTcp } from './servers.ts';

function ask(port: number): Promise<QueryReading> {
  return askPrometheus({ url: `http://127.0.0.1:${port}`, query: 'up' }, never);
}

function unread(reason: string): object {
  return { kind: 'unread', reason: expect.stringContaining(reason) };
}

describe('a Prometheus that watches itself', () => {
  let prometheus: Prometheus | undefined;
  const put = (query: string, base = ''): Promise<QueryReading> =>
    askPrometheus({ url: `${prometheus?.url ?? ''}${base}`, query }, never);

  // It may have to be installed.
  beforeAll(async () => {
    prometheus = await Prometheus.start();
  }, 180_000);
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
  });

  it.each([
    ['vector(42.5)', 42.5],
    ['6 * 7', 42],
    ['sum(up) + count(up)', 2],
    ['(sum(no_such_metric) or vector(0)) / sum(up)', 0],
  ])('answers %s', async (query, value) => {
    expect(await put(query)).toEqual({ kind: 'read', value });
    expect(await put(query, '/')).toEqual({ kind: 'read', value });
  });

  it.each([
    ['no_such_metric', 'the query gives no series'],
    ['vector(1) / 0', 'the query gives "+Inf"'],
    ['up[1m]', 'the query gives a matrix'],
    ['sum(up', 'HTTP 400: '],
    ['{__name__=~"go_.*"}', 'series, and one is wanted'],
  ])('has no number for %s', async (query, reason) => {
    expect(await put(query)).toEqual(unread(reason));
  });

  it('is not where the URL says', async () => {
    expect(await put('up', '/elsewhere')).toEqual(unread('HTTP 404'));
  });
});

describe('what is no Prometheus', () => {
  it('does not listen', async () => {
    expect(await ask(await freePort())).toEqual(unread('nothing listens at that port'));
  });

  it('redirects, which is not followed', async () => {
    await using elsewhere = await listenHttp((_request, response) => response.end('{}'));
    const location = `http://127.0.0.1:${elsewhere.port}/`;
    await using server = await listenHttp((_request, response) => {
      response.writeHead(302, { location }).end();
    });

    expect(await ask(server.port)).toEqual(unread('HTTP 302'));
  });

  it('goes over to another protocol', async () => {
    const text = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
    await using server = await listenTcp((socket) => socket.on('data', () => socket.write(text)));

    expect(await ask(server.port)).toEqual(unread('HTTP 101'));
    await expect.poll(() => server.open.size).toBe(0);
  });

  it('answers without end', async () => {
    await using server = await listenHttp((_request, response) => {
      const write = (): boolean => response.write(' '.repeat(4_096), () => void write());
      write();
    });

    expect(await ask(server.port)).toEqual(unread('the answer is longer than 64 KiB'));
    await expect.poll(() => server.open.size).toBe(0);
  });

  it('breaks off', async () => {
    await using server = await listenHttp((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    });

    expect((await ask(server.port)).kind).toBe('unread');
  });

  it('hangs, and nobody waits for it any more', async () => {
    await using server = await listenHttp(() => undefined);
    const stop = new AbortController();
    const asked = askPrometheus(
      { url: `http://127.0.0.1:${server.port}`, query: 'up' },
      stop.signal,
    );
    await expect.poll(() => server.open.size).toBe(1);
    stop.abort();

    expect((await asked).kind).toBe('unread');
    await expect.poll(() => server.open.size).toBe(0);
  });
});
