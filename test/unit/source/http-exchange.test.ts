import type { RequestListener } from 'node:http';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import type { Exchange, ExchangeAnswer } from '../../../src/source/http-exchange.ts';
import { exchange } from '../../../src/source/http-exchange.ts';

const open: (() => void)[] = [];

afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Starts a server that answers so, and gives the function that asks it. */
async function serverOf(
  listener: RequestListener,
): Promise<(facts?: Partial<Exchange>) => Promise<ExchangeAnswer>> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new Agent({ keepAlive: true });
  open.push(
    () => agent.destroy(),
    () => server.closeAllConnections(),
    () => void server.close(),
  );
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return (facts = {}) =>
    exchange({
      url,
      hop: { agent },
      method: 'GET',
      headers: {},
      body: new Uint8Array(),
      signal: new AbortController().signal,
      idleTimeoutMs: 5000,
      totalTimeoutMs: 5000,
      maxAnswerBytes: 1000,
      ...facts,
    });
}

describe('exchange()', () => {
  it('gives the whole answer and keeps the connection for the next', async () => {
    const ports = new Set<number | undefined>();
    const ask = await serverOf((request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(200, { 'content-type': 'text/x; charset=utf-8' }).end('body');
    });

    const answers = [await ask(), await ask()];

    expect(answers[1]).toEqual({
      status: 200,
      contentType: 'text/x',
      location: '',
      body: Buffer.from('body'),
    });
    expect(ports.size).toBe(1);
  });

  it('asks again when a kept connection was closed in the meantime', async () => {
    let asked = 0;
    const ask = await serverOf((request, response) => {
      asked += 1;
      if (asked === 2) request.socket.resetAndDestroy();
      else response.end('body');
    });
    await ask();

    expect((await ask()).body.toString()).toBe('body');
    expect(asked).toBe(3);
  });

  it('gives up a server that stops in the middle of its answer', async () => {
    const ask = await serverOf((_request, response) => void response.write('begun'));

    await expect(ask({ idleTimeoutMs: 50 })).rejects.toThrow(/sent nothing for 0.05 s/);
  });

  it('gives up a server that never ends, however busy it is', async () => {
    const ask = await serverOf((_request, response) => {
      const timer = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(timer));
    });

    const asking = ask({ idleTimeoutMs: 1000, totalTimeoutMs: 100 });
    await expect(asking).rejects.toThrow(/not complete within 0.1 s/);
  });

  it('gives up when it is cancelled, with the reason', async () => {
    const ask = await serverOf(() => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('no longer wanted')), 20);

    await expect(ask({ signal: stop.signal })).rejects.toThrow('no longer wanted');
  });

  it('stops at the byte limit, whatever the server has announced', async () => {
    const ask = await serverOf((_request, response) => response.end('x'.repeat(1001)));

    await expect(ask()).rejects.toThrow(/larger than 1000 bytes/);
  });
});
