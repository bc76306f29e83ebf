import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';

import type { Certificate } from './certificates.ts';

/** A request as it arrived. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status with headers, no answer at all, or one without an end. */
export type Mood =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | 'hang'
  | 'endless';

/** A real server on loopback that keeps what it is sent. */
export interface Recorder extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: Recorded[];
  /** How many connections are open. */
  readonly connections: () => number;
  mood: Mood;
}

/** @param certificate by which it speaks TLS; none: it does not */
export async function startRecorder(port = 0, certificate?: Certificate): Promise<Recorder> {
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void take(request, response);
  const server =
    certificate === undefined
      ? createServer(listener)
      : createSecureServer(
          { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) },
          listener,
        );
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const state: Recorder = {
    url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    port: address.port,
    requests: [],
    connections: () => sockets.size,
    mood: { status: 200 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = '', url: path = '', headers } = request;
    state.requests.push({ method, path, headers, body: Buffer.concat(chunks).toString('utf8') });
    if (state.mood === 'hang') return;
    if (state.mood === 'endless') return void response.writeHead(200).write('begun');
    // What a server says may repeat what it was sent.
    const { status, headers: more = {} } = state.mood;
    response.writeHead(status, more).end(JSON.stringify({ ...headers, path }));
  }
}
