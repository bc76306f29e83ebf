import { afterEach, expect, it, vi } from 'vitest';

import type { EngineRequest } from '../../../src/fleet/docker-host.ts';
import { enginePath } from '../../../src/fleet/engine-path.ts';
import { clientOf, closeServers } from '../../support/engine-server.ts';

const signal = new AbortController().signal;

afterEach(() => {
  vi.unstubAllEnvs();
  return closeServers();
});

function ask(path: string, fields: Partial<EngineRequest> = {}): EngineRequest {
  return { what: `ask ${path}`, path, deadlineMs: 300, signal, ...fields };
}

it('EngineClient settles when the connection breaks in the middle of an answer', async () => {
  const { client } = await clientOf((_request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('{"half":', () => response.destroy());
  });

  await expect(client.json(ask('/info'))).rejects.toMatchObject({ trouble: 'lost' });
});

it('EngineClient settles when an answer stalls', async () => {
  const { client } = await clientOf((_request, response) => {
    response.writeHead(200, { 'content-length': 1000 }).write('{');
  });

  await expect(client.json(ask('/info'))).rejects.toThrow('no answer within 0.3 s');
});

it.each(['null', 'not json', '{"cut'])('EngineClient refuses the answer %j', async (body) => {
  const { client } = await clientOf((_request, response) => response.end(body));

  await expect(client.json(ask('/info'))).rejects.toThrow('the answer is not whole JSON');
});

it('EngineClient ignores DOCKER_* variables', async () => {
  vi.stubEnv('DOCKER_HOST', 'tcp://192.0.2.1:2375');
  vi.stubEnv('DOCKER_CERT_PATH', '/does/not/exist');
  vi.stubEnv('DOCKER_PATH_PREFIX', '/elsewhere');

  const { client } = await clientOf((request, response) => {
    response.end(JSON.stringify({ url: request.url }));
  });

  expect(await client.json(ask('/info'))).toEqual({ url: '/info' });
  expect(process.env['DOCKER_HOST']).toBe('tcp://192.0.2.1:2375');
});

it('EngineClient pins the version it negotiated', async () => {
  const { client } = await clientOf((request, response) => {
    const answer = { ApiVersion: '1.43', MinAPIVersion: '1.12', url: request.url };
    response.end(JSON.stringify(answer));
  });

  await client.negotiate(300, signal);

  expect(client.apiVersion).toBe('1.43');
  expect(await client.json(ask('/info'))).toMatchObject({ url: '/v1.43/info' });
});

it('EngineClient keeps the body out of the URL', async () => {
  const { client } = await clientOf((request, response) => {
    request.once('data', (body) => {
      response.end(JSON.stringify({ url: request.url, body: String(body) }));
    });
  });

  const answer = await client.json(
    ask('/containers/create', {
      method: 'POST',
      query: { name: 'web' },
      body: { Env: ['KEY=secret'] },
    }),
  );

  expect(answer).toEqual({ url: '/containers/create?name=web', body: '{"Env":["KEY=secret"]}' });
});

it('EngineClient asks again when a kept-alive connection was just closed', async () => {
  let requests = 0;
  const { client, calls } = await clientOf((request, response) => {
    requests += 1;
    if (requests === 1) request.socket.destroy();
    else response.end('{"ok":true}');
  });

  expect(await client.json(ask('/info'))).toEqual({ ok: true });
  expect(calls()).toBe(2);
});

it('EngineClient never repeats a mutation', async () => {
  let requests = 0;
  const { client } = await clientOf((request) => {
    requests += 1;
    request.socket.destroy();
  });

  const started = client.send(ask('/containers/a/start', { method: 'POST' }));

  await expect(started).rejects.toMatchObject({ trouble: 'lost' });
  expect(requests).toBe(1);
});

it('EngineClient ends a stream when its signal is aborted, long after its headers', async () => {
  const { client } = await clientOf((_request, response) => {
    response.writeHead(200).write('{}\n');
  });
  const life = new AbortController();
  const stream = await client.stream(ask('/events', { signal: life.signal }));
  const ended = new Promise((resolve) => stream.once('error', resolve).resume());

  life.abort();

  expect(await ended).toMatchObject({ message: 'aborted' });
});

it('EngineClient.find() gives null for what does not exist', async () => {
  const { client } = await clientOf((_request, response) => {
    response.writeHead(404).end('{"message":"no such container"}');
  });

  expect(await client.find(ask('/containers/a/json'))).toBeNull();
});

it.each(['', '../info', 'a/../../b', 'a?force=1', 'a b', 'a%2fb', 'a#b', '.hidden'])(
  'enginePath() refuses the name %j',
  (name) => {
    expect(() => enginePath`/containers/${name}/json`).toThrow('invalid name');
  },
);

it('enginePath() takes references, ids and names', () => {
  const image = 'registry.example.com:5000/shop/web:2.4@sha256:abc';

  expect(enginePath`/images/${image}/json`).toBe(`/images/${image}/json`);
});
