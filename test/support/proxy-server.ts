import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a proxy does with those who ask: what they ask for, nothing, or a refusal. */
export type ProxyMood = 'well' | 'silent' | 'refusing';

/** A real proxy on loopback: a tunnel for CONNECT, and requests with a whole URL passed on. All names lead to loopback. */
export interface ProxyServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** `CONNECT host:port` and `GET url`, in their order. */
  readonly asked: string[];
  /** The credentials that were shown, as sent. */
  readonly shown: (string | undefined)[];
  /** When set, `user:password` without which nobody is served. */
  credentials: string | undefined;
  mood: ProxyMood;
}

export async function startProxyServer(): Promise<ProxyServer> {
  const sockets = new Set<Duplex>();
  /** Null when it is taken care of here. */
  const judge = (request: IncomingMessage): number | null => {
    state.asked.push(`${request.method} ${request.url}`);
    const shown = request.headers['proxy-authorization'];
    state.shown.push(shown);
    if (state.mood === 'refusing') return 403;
    const wanted = `Basic ${Buffer.from(state.credentials ?? '').toString('base64')}`;
    return state.credentials === undefined || shown === wanted ? null : 407;
  };
  const server = createServer((request, response) => {
    const refusal = judge(request);
    if (state.mood === 'silent') return;
    if (refusal !== null) response.writeHead(refusal).end('no');
    else pass(request, response);
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    const refusal = judge(request);
    if (state.mood === 'silent') return;
    if (refusal !== null) return void socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
    const other = connect(portOf(request.url ?? ''), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      joined(socket, other);
    });
    sockets.add(other);
    other.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const state: ProxyServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    asked: [],
    shown: [],
    credentials: undefined,
    mood: 'well',
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

function joined(one: Duplex, other: Socket): void {
  one.pipe(other).pipe(one);
  one.on('close', () => other.destroy());
}

function portOf(place: string): number {
  return Number(place.slice(place.lastIndexOf(':') + 1));
}

/** Sends a request with a whole URL on to where that leads. */
function pass(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search, port } = new URL(request.url ?? '');
  const { 'proxy-authorization': _own, ...headers } = request.headers;
  const target = {
    host: '127.0.0.1',
    port,
    path: pathname + search,
    method: request.method,
    headers,
  };
  const asking = httpRequest(target, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  asking.on('error', () => response.destroy());
  request.pipe(asking);
}
