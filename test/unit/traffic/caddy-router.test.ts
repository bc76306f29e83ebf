import { describe, expect, it } from 'vitest';

import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type { TrafficChange } from '../../../src/model/traffic.ts';
import { caddyRouter } from '../../../src/traffic/caddy-router.ts';
import type { ProxyAnswer } from '../../../src/traffic/traffic-router.ts';

const never = new AbortController().signal;
const proxy = { host: toHostName('eu-1'), container: toContainerId('c1') };
const endpoint = {
  backend: 'shop:web',
  name: 'eu-1:shop-web-1:abc',
  address: '192.0.2.1',
  port: 80,
};
const withdraw: TrafficChange = { kind: 'withdraw-endpoint', endpoint };
const upstream = { '@id': 'shop:web/eu-1:shop-web-1:abc', dial: '192.0.2.1:80' };
const own = { handler: 'reverse_proxy', headers: { request: { set: { 'X-A': ['ü'] } } } };
const seed = { '@id': 'shop:web', handle: [{ handler: 'encode' }, own] };
const admitted = [{ ...seed, handle: [{ ...own, upstreams: [upstream] }] }];
const left = [
  seed,
  { '@id': 'fleetwright/leaving', handle: [{ handler: 'reverse_proxy', upstreams: [upstream] }] },
];

/** How a command has ended, and what it said: a character is a byte. */
interface Said {
  readonly exitCode: number;
  readonly output: string;
}

/** As Caddy 2.6 has answered: in pieces, of which one ends within a character, and with the name of the state at the end. */
function routesReply(routes: unknown): string {
  const body = Buffer.from(`${JSON.stringify(routes)}\n`);
  const within = body.indexOf('ü') + 1;
  const middle = within > 0 ? within : Math.floor(body.length / 2);
  const chunks = [body.subarray(0, middle), body.subarray(middle)].map(
    (chunk) => `${chunk.length.toString(16)}\r\n${chunk.toString('latin1')}\r\n`,
  );
  const head = 'HTTP/1.1 200 OK\r\nTrailer: ETag\r\nTransfer-Encoding: chunked\r\n\r\n';
  return `${head}${chunks.join('')}0\r\nEtag: "/config/a 6dfb3b7d"\r\n\r\n`;
}

function reply(status: string, body: unknown): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}\n`;
}

function countsReply(requests: unknown): string {
  return reply('200 OK', [{ address: '192.0.2.1:80', num_requests: requests, fails: 0 }]);
}

function whole(routes: unknown, requests: unknown, change = ''): Said {
  return { exitCode: 0, output: `${change}${routesReply(routes)}\n${countsReply(requests)}` };
}

interface Asked {
  readonly answer: ProxyAnswer;
  /** What Caddy was sent to change something. */
  readonly changes: readonly string[];
}

async function ask(
  changes: readonly TrafficChange[],
  ...ends: readonly (Said | string)[]
): Promise<Asked> {
  const commands: (readonly string[])[] = [];
  const fleet = {
    ask: async (_host: string, _container: string, command: readonly string[]) => {
      commands.push(command);
      const end = ends[commands.length - 1] ?? 'it was asked too often';
      return typeof end === 'string' ? end : { ...end, output: Buffer.from(end.output, 'latin1') };
    },
  };
  const router = caddyRouter(fleet, { command: ['nc', '127.0.0.1', '2019'] });
  const answer = await router.ask(proxy, changes, never);
  return {
    answer,
    changes: commands.map((command) => command[3] ?? '').filter((one) => one !== ''),
  };
}

describe('a Caddy', () => {
  it('is not told what it was told before', async () => {
    const { answer, changes } = await ask(
      [{ kind: 'admit-endpoint', endpoint }],
      whole(admitted, 3),
    );

    expect(changes).toEqual([]);
    expect(answer).toEqual({
      said: '',
      state: {
        backends: ['shop:web'],
        servers: [{ ...endpoint, isReady: true, sessions: 0 }],
        routes: {},
      },
    });
  });

  it('is told of a change only as long as nobody else makes one, and keeps what is not ours', async () => {
    const { changes } = await ask(
      [{ kind: 'admit-endpoint', endpoint }],
      whole([seed], 0),
      whole(admitted, 0),
    );

    const [head = '', body = ''] = (changes[0] ?? '').split('\r\n\r\n');
    expect(changes).toHaveLength(1);
    expect(head.split('\r\n')).toEqual(
      expect.arrayContaining([
        'PATCH /id/fleetwright/routes HTTP/1.1',
        'If-Match: "/config/a 6dfb3b7d"',
        `Content-Length: ${Buffer.byteLength(body)}`,
      ]),
    );
    expect(JSON.parse(body)).toContainEqual({
      ...seed,
      match: [{ vars: { '{http.vars.fleetwright}': ['shop:web'] } }],
      terminal: true,
      handle: [{ handler: 'encode' }, { ...own, upstreams: [upstream] }],
    });
  });

  it('says why it did not take a change', async () => {
    const refusal = reply('412 Precondition Failed', { error: 'If-Match header did not match' });
    const { answer } = await ask([withdraw], whole(admitted, 0), whole(admitted, 0, refusal));

    expect(answer).toMatchObject({
      said: 'it says 412: If-Match header did not match',
      state: { servers: [{ isReady: true }] },
    });
  });

  it('tells of who has left as long as that has requests, and forgets it with the next change', async () => {
    const { answer: busy } = await ask([], whole(left, 2));
    expect(busy).toMatchObject({ state: { servers: [{ isReady: false, sessions: 2 }] } });
    const { answer: done } = await ask([], whole(left, 0));
    expect(done).toMatchObject({ state: { servers: [] } });

    const route: TrafficChange = {
      kind: 'route-requests',
      key: 'a.example/',
      backend: 'shop:web',
      isNew: true,
    };
    const { changes } = await ask([route], whole(left, 0), whole([seed], 0));
    expect(changes[0]).not.toContain(endpoint.name);
    const { changes: others } = await ask([route], whole(left, 1), whole([seed], 0));
    expect(others[0]).toContain(endpoint.name);
  });

  it('has no backend where the instances have no place of their own', async () => {
    const nested = { handler: 'subroute', routes: [{ handle: [own] }] };
    const routes = [
      { '@id': 'nested:web', handle: [nested] },
      { '@id': 'double:web', handle: [own, own] },
      seed,
    ];
    const change = { ...endpoint, backend: 'nested:web' };

    const { answer, changes } = await ask(
      [{ kind: 'admit-endpoint', endpoint: change }],
      whole(routes, 0),
    );

    expect(answer).toMatchObject({ state: { backends: ['shop:web'], servers: [] } });
    expect(changes).toEqual([]);
  });

  it('is read to its end however long a line is', async () => {
    const line = `a${' '.repeat(200_000)}b`;
    const plain = { ...seed, handle: [{ handler: 'reverse_proxy' }] };
    const odd = routesReply([plain]).replace('Trailer:', `Etag:${line}\r\nTrailer:`);
    const { answer } = await ask([], { exitCode: 0, output: `${odd}\n${countsReply(0)}` });

    expect(answer).toMatchObject({ state: { backends: ['shop:web'] } });
  });

  it('is not told more than a command can hold', async () => {
    const changes = Array.from({ length: 2_500 }, (_, index): TrafficChange => {
      return { kind: 'admit-endpoint', endpoint: { ...endpoint, name: `eu-1:web-${index}:abc` } };
    });

    const { answer, changes: sent } = await ask(changes, whole([seed], 0));

    expect(answer).toBe('it would have more instances than one command can name');
    expect(sent).toEqual([]);
  });

  const otherForm = 'its admin API tells of its upstreams in a form that is not known';
  const cutShort = 'the answer of its admin API is cut short';
  const text = whole(left, 1).output;
  it.each<[string, Said | string, string]>([
    ['its host is away', 'host "eu-1" is unreachable', 'host "eu-1" is unreachable'],
    [
      'there is no such command',
      { exitCode: 127, output: 'sh: nc: not found\n' },
      '"nc 127.0.0.1 2019" in its container ended with code 127: sh: nc: not found',
    ],
    ['it says nothing', { exitCode: 0, output: '' }, cutShort],
    ['something else answers', { exitCode: 0, output: 'SSH-2.0-x\r\n' }, 'SSH-2.0-x'],
    ['an answer is missing', { exitCode: 0, output: routesReply(left) }, cutShort],
    [
      'the first is cut short',
      { exitCode: 0, output: `${routesReply(left).slice(0, 150)}\n${countsReply(0)}` },
      cutShort,
    ],
    ['the last is cut short', { exitCode: 0, output: text.slice(0, -5) }, cutShort],
    [
      'it has no such subroute',
      {
        exitCode: 0,
        output: `${reply('404 Not Found', { error: "unknown object ID 'fleetwright'" })}${countsReply(0)}`,
      },
      "it says 404: unknown object ID 'fleetwright'",
    ],
    [
      'it lets nobody ask',
      {
        exitCode: 0,
        output: 'HTTP/1.1 403 Forbidden\r\n\r\nno\r\n\nHTTP/1.1 403 Forbidden\r\n\r\nno',
      },
      'it says 403: no',
    ],
    [
      'the subroute has no routes',
      whole(null, 0),
      'what has the id "fleetwright" in its configuration is not a subroute with routes',
    ],
    [
      'what it refuses has no words',
      {
        exitCode: 0,
        output: `${reply('404 Not Found', { error: { toString: 1 } })}${countsReply(0)}`,
      },
      'it says 404: {"error":{"toString":1}}',
    ],
    [
      'its upstreams are none',
      { exitCode: 0, output: `${routesReply(left)}\n${reply('200 OK', [null])}` },
      otherForm,
    ],
    ['it counts requests otherwise', whole(left, 'many'), otherForm],
    [
      'it does not count those of somebody',
      { exitCode: 0, output: `${routesReply(left)}\n${reply('200 OK', [])}` },
      otherForm,
    ],
  ])('is not known when %s', async (_what, end, reason) => {
    expect((await ask([], end)).answer).toBe(reason);
  });
});
