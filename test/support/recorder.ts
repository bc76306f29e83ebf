import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status with headers, or no answer at all. */
export type Mood =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | 'hang';

/** A real server on loopback that keeps what it is sent. */
export interface Recorder extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: Recorded[];
  mood: Mood;
}

export async function startRecorder(port = 0): Promise<Recorder> {
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const state: Recorder = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests: [],
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
    // What a server says may repeat what it was sent.
    const { status, headers: more = {} } = state.mood;
    response.writeHead(status, more).end(JSON.stringify({ ...headers, path }));
  }
}
