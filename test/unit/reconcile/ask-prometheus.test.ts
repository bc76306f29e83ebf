import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { QueryReading } from '../../../src/model/autoscale.ts';
import { askPrometheus } from '../../../src/reconcile/ask-prometheus.ts';
import { eventually } from '../../support/eventually.ts';
import { scratchFolder } from '../../support/git-repository.ts';
import { installedProgram } from '../../support/installed-program.ts';
import { never } from '../../support/open-test-source.ts';
import { freePort, listenHttp } from './servers.ts';

function ask(port: number, query = 'up', base = ''): Promise<QueryReading> {
  return askPrometheus({ url: `http://127.0.0.1:${port}${base}`, query }, never);
}

function unread(reason: string): object {
  return { kind: 'unread', reason: expect.stringContaining(reason) };
}

describe('a Prometheus that watches itself', () => {
  let port: number;
  let end: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const program = await installedProgram('prometheus');
    const scratch = await scratchFolder();
    port = await freePort();
    const address = `127.0.0.1:${port}`;
    const config = join(scratch.path, 'prometheus.yml');
    const self = `{ job_name: self, scrape_interval: 1s, static_configs: [{ targets: ["${address}"] }] }`;
    await writeFile(config, `scrape_configs: [${self}]\n`);
    const options = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(scratch.path, 'data')}`,
      `--web.listen-address=${address}`,
    ];
    const child = spawn(program, options, { stdio: 'ignore' });
    const ended = once(child, 'exit');
    end = async () => {
      child.kill('SIGKILL');
      await ended;
      await scratch[Symbol.asyncDispose]();
    };
    await eventually(
      'it has looked at itself',
      async () => ((await ask(port)).kind === 'read' ? true : null),
      60_000,
    );
  }, 180_000);
  afterAll(async () => {
    await end?.();
  });

  it.each([
    ['vector(42.5)', 42.5],
    ['6 * 7', 42],
    ['sum(up) + count(up)', 2],
  ])('answers %s', async (query, value) => {
    expect(await ask(port, query)).toEqual({ kind: 'read', value });
    expect(await ask(port, query, '/')).toEqual({ kind: 'read', value });
  });

  it.each([
    ['no_such_metric', 'the query gives no series'],
    ['vector(1) / 0', 'the query gives "+Inf"'],
    ['up[1m]', 'the query gives a matrix'],
    ['sum(up', 'HTTP 400: '],
    ['prometheus_http_requests_total', 'series, and one is wanted'],
  ])('has no number for %s', async (query, reason) => {
    // What it counts of itself is there once it has looked twice.
    const reading = await eventually('an answer', async () => {
      const found = await ask(port, query);
      return JSON.stringify(found).includes(JSON.stringify(reason).slice(1, -1)) ? found : null;
    });

    expect(reading).toEqual(unread(reason));
  });

  it('is not where the URL says', async () => {
    expect(await ask(port, 'up', '/elsewhere')).toEqual(unread('HTTP 404'));
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
