import { once } from 'node:events';
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { ProxyState, TrafficChange, TrafficEndpoint } from '../../../src/model/traffic.ts';
import { eventually } from '../../support/eventually.ts';
import { LoopbackProxy } from '../../support/loopback-proxy.ts';

/** What instances say to a request: their name. What is sent to `/upload` is measured, and answered when the test says so. */
class Instances {
  readonly ports: number[] = [];
  readonly #servers: Server[] = [];
  readonly #held: (() => void)[] = [];

  async start(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const server = createServer((incoming, response) => {
        if (incoming.url === '/upload') this.#hold(name, incoming, response);
        else response.end(name);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      this.#servers.push(server);
      this.ports.push((server.address() as AddressInfo).port);
    }
  }

  #hold(name: string, incoming: IncomingMessage, response: ServerResponse): void {
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => (bytes += chunk.length));
    const whole = once(incoming, 'end');
    this.#held.push(() => void whole.then(() => response.end(`${name} ${bytes}`)));
  }

  get held(): number {
    return this.#held.length;
  }

  release(): void {
    for (const answer of this.#held.splice(0)) answer();
  }

  stop(): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One request on a connection of its own. */
function get(port: number, host: string, path = '/'): Promise<Answer> {
  const call = request({ host: '127.0.0.1', port, path, headers: { host }, agent: false });
  call.end();
  return answerTo(call);
}

function answerTo(call: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    call.on('error', reject);
    call.on('response', (response: IncomingMessage) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}

const shop = 'shop:web';
const api = 'api:web';
const site = 'shop.example.com';
const isNew = true;

function admit(endpoint: TrafficEndpoint): TrafficChange {
  return { kind: 'admit-endpoint', endpoint };
}

function withdraw(endpoint: TrafficEndpoint): TrafficChange {
  return { kind: 'withdraw-endpoint', endpoint };
}

function remove(endpoint: TrafficEndpoint): TrafficChange {
  return { kind: 'remove-endpoint', endpoint };
}

function toRoute(key: string, backend: string | null): TrafficChange {
  return { kind: 'route-requests', key, backend, isNew };
}

describe.each(['haproxy', 'caddy'] as const)('a real proxy: %s', (driver) => {
  const instances = new Instances();
  let proxy: LoopbackProxy;
  let one: TrafficEndpoint;
  let other: TrafficEndpoint;

  const endpointAt = (backend: string, name: string, index: number): TrafficEndpoint => ({
    backend,
    name: `host-1:${name}:${String(index).repeat(12)}`,
    address: '127.0.0.1',
    port: instances.ports[index] ?? 0,
  });
  /** The names of those who answer. */
  const answering = async (host = site, path = '/'): Promise<readonly string[]> => {
    const names = new Set<string>();
    for (let count = 0; count < 10; count += 1) names.add((await get(proxy.port, host, path)).body);
    return [...names].toSorted();
  };
  beforeAll(async () => {
    await instances.start(['one', 'two', 'three']);
    one = endpointAt(shop, 'shop-web-1', 0);
    other = endpointAt(shop, 'shop-web-2', 1);
  });
  afterAll(() => {
    instances.stop();
  });
  beforeEach(async () => {
    proxy = await LoopbackProxy.start(driver, [shop, api]);
  });
  afterEach(async () => {
    instances.release();
    await proxy[Symbol.asyncDispose]();
  });

  it('knows its backends, and nobody who may have requests, when it begins', async () => {
    const state = await proxy.tell();

    expect(state.backends).toEqual(expect.arrayContaining([api, shop]));
    expect(state).toMatchObject({ servers: [], routes: {} });
    expect((await get(proxy.port, site)).status).toBe(503);
  });

  it('gives requests to those who are admitted', async () => {
    const state = await proxy.tell(admit(one), admit(other), toRoute(`${site}/`, shop));

    const isReady = true;
    expect(serversOf(state)).toEqual([
      { ...one, isReady },
      { ...other, isReady },
    ]);
    expect(state.routes).toEqual({ [`${site}/`]: shop });
    expect(await answering()).toEqual(['one', 'two']);
  });

  it('takes each change twice', async () => {
    const changes = [admit(one), admit(other), withdraw(other), toRoute(`${site}/`, shop)];
    const first = await proxy.tell(...changes);
    const again = await proxy.tell(...changes.map((change) => ({ ...change, isNew: false })));

    expect(again).toEqual(first);
    expect(await answering()).toEqual(['one']);
    const gone = [remove(one), remove(one), toRoute(`${site}/`, null), toRoute(`${site}/`, null)];
    expect(await proxy.tell(withdraw(one), ...gone)).toMatchObject({ routes: {} });
    expect((await get(proxy.port, site)).status).toBe(503);
  });

  it('finds who is asked by the host, whatever its case and port, and the longest path', async () => {
    const three = endpointAt(api, 'api-web-1', 2);
    await proxy.tell(
      admit(one),
      admit(three),
      toRoute(`${site}/`, shop),
      toRoute(`${site}/a.b/`, api),
    );

    expect(await answering('SHOP.example.com:8000')).toEqual(['one']);
    expect(await answering(site, '/a.b')).toEqual(['three']);
    expect(await answering(site, '/a.b/c?d')).toEqual(['three']);
    for (const path of ['/a.bc', '/axb', '/A.b', '/x/a.b']) {
      expect(await answering(site, path)).toEqual(['one']);
    }
    expect((await get(proxy.port, 'example.com')).status).toBe(503);
  });

  it('lets who is withdrawn answer what it has, says how much that is, and gives it no more', async () => {
    await proxy.tell(admit(one), admit(other), toRoute(`${site}/`, shop), withdraw(other));
    const upload = { host: '127.0.0.1', port: proxy.port, path: '/upload', method: 'PUT' };
    const call = request({ ...upload, headers: { host: site }, agent: false });
    const answer = answerTo(call);
    call.write('x'.repeat(100_000));
    await eventually('it is at work', async () => (instances.held > 0 ? true : null));
    const state = await proxy.tell(admit(other), withdraw(one));

    const leaving = expect.objectContaining({ ...one, isReady: false, sessions: 1 });
    expect(state.servers).toContainEqual(leaving);
    expect(await answering()).toEqual(['two']);
    expect((await proxy.tell()).servers).toContainEqual(leaving);
    call.end('y'.repeat(100_000));
    instances.release();
    expect(await answer).toEqual({ status: 200, body: 'one 200000' });
    await eventually('nothing is left', async () => {
      const { servers } = await proxy.tell();
      return servers.every(({ sessions }) => sessions === 0) ? true : null;
    });
  });

  it('gives one that is admitted again its requests, where it is now', async () => {
    await proxy.tell(admit(one), toRoute(`${site}/`, shop), withdraw(one));
    const moved = { ...one, port: other.port };
    const state = await proxy.tell(admit(moved));

    expect(serversOf(state)).toEqual([{ ...moved, isReady: true }]);
    expect(await answering()).toEqual(['two']);
  });

  it('gives the requests of a host to another service without a gap', async () => {
    const three = endpointAt(api, 'api-web-1', 2);
    await proxy.tell(admit(one), admit(three), toRoute(`${site}/`, shop));
    const change = { ...toRoute(`${site}/`, api), isNew: false } as const;
    const state = await proxy.tell(change);

    expect(state.routes).toEqual({ [`${site}/`]: api });
    expect(await answering()).toEqual(['three']);
  });

  it('admits nobody to a backend that it does not have', async () => {
    const state = await proxy.tell(admit({ ...one, backend: 'other:web' }), admit(one));

    expect(serversOf(state)).toEqual([{ ...one, isReady: true }]);
  });

  it('is not told of a name that it may take for something else', async () => {
    const hostile = { ...one, name: 'host-1:x;{env.HOME}:abc def' };
    const answer = await proxy.ask([admit(hostile), admit(other)]);

    expect(answer).toMatchObject({
      state: { servers: [{ name: other.name }] },
      said: expect.stringMatching(/^what has a name that/),
    });
  });

  it('has forgotten all when it was started anew', async () => {
    await proxy.tell(admit(one), toRoute(`${site}/`, shop));
    await proxy.kill();
    expect(await proxy.ask([])).toMatch(/^".*busybox nc .*" in its container ended with code 1: /);
    await proxy.startAnew();

    expect(await proxy.tell()).toMatchObject({ servers: [], routes: {} });
  });
});

describe('an HAProxy with a backend for what is no HTTP', () => {
  const instances = new Instances();
  const db = 'shop:db';
  const name = 'db.shop.internal';

  beforeAll(async () => {
    await instances.start(['one']);
  });
  afterAll(() => {
    instances.stop();
  });

  it('passes connections on at the port of its own, and none that come in elsewhere for its name', async () => {
    await using proxy = await LoopbackProxy.start('haproxy', []);
    const [port = 0] = instances.ports;
    const endpoint = { backend: db, name: 'host-1:shop-db-1:abc', address: '127.0.0.1', port };
    const admitted = await proxy.tell(admit(endpoint), toRoute(`${name}/`, db));
    expect(serversOf(admitted)).toEqual([{ ...endpoint, isReady: true }]);
    // Whatever it is asked for, it is no request to the proxy.
    expect(await get(proxy.streamPort, 'nobody')).toEqual({ status: 200, body: 'one' });
    await expect(get(proxy.port, name)).rejects.toThrow('socket hang up');

    const withdrawn = await proxy.tell(withdraw(endpoint));
    expect(withdrawn.servers).toMatchObject([{ name: endpoint.name, isReady: false }]);
    await expect(get(proxy.streamPort, 'nobody')).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect((await proxy.tell(remove(endpoint))).servers).toEqual([]);
  });
});

it('does not take away what somebody else has changed in a Caddy meanwhile', async () => {
  await using proxy = await LoopbackProxy.start('caddy', [shop]);
  const other = { '@id': api, handle: [{ handler: 'reverse_proxy' }] };
  proxy.beforeCommand = async (words) => {
    if (!words.some((word) => word.startsWith('PATCH'))) return;
    const url = `http://127.0.0.1:${proxy.apiPort}/id/fleetwright/routes`;
    const headers = { 'Content-Type': 'application/json', host: '127.0.0.1:2019' };
    const options = { method: 'POST', headers, agent: false };
    const call = request(url, options);
    call.end(JSON.stringify(other));
    expect(await answerTo(call)).toMatchObject({ status: 200 });
    proxy.beforeCommand = async () => {};
  };
  const change = toRoute(`${site}/`, shop);

  expect(await proxy.ask([change])).toMatchObject({
    state: { backends: [shop, api], routes: {} },
    said: expect.stringMatching(/^it says 412: /),
  });
  expect(await proxy.tell(change)).toMatchObject({
    backends: [shop, api],
    routes: { [`${site}/`]: shop },
  });
});

function serversOf({ servers }: ProxyState): readonly object[] {
  return servers
    .filter(({ isReady }) => isReady)
    .map(({ sessions: _any, requests: _count, ...server }) => server)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
