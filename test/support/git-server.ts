import { spawn } from 'node:child_process';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { ServerOptions as TlsServerOptions } from 'node:https';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { BodyFault, Phase } from './git-faults.ts';
import { spoiled } from './git-faults.ts';

/** What the server does wrong, once it knows the right answer. */
export type Fault =
  | BodyFault
  | { readonly kind: 'hang' }
  | { readonly kind: 'status'; readonly status: number }
  /** Redirects requests whose path begins with `from`. */
  | {
      readonly kind: 'redirect';
      readonly status: number;
      readonly location: string;
      readonly from?: string;
    };

export interface SeenRequest {
  readonly phase: Phase;
  readonly url: string;
  readonly authorization: string | undefined;
  /** Bytes of the right answer's body. */
  readonly bytes: number;
}

/** A real `git http-backend` on loopback, which can be told to misbehave. */
export interface GitServer extends AsyncDisposable {
  /** `http://127.0.0.1:port` without a slash, or `https://…`. */
  readonly url: string;
  readonly port: number;
  readonly requests: SeenRequest[];
  /** By phase; taken back by setting it to undefined. */
  faults: { [phase in Phase]?: Fault | undefined };
  /** When set, requests without it are refused with 401. */
  token: string | undefined;
  /** How the token must be sent. */
  scheme: 'Basic' | 'Bearer';
  /** Ends all connections and takes no more, until it is started again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * Serves every repository below `root`.
 *
 * @param tls serves over https, with this certificate and these rules
 */
export async function startGitServer(root: string, tls?: TlsServerOptions): Promise<GitServer> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void serve(root, state, request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const port = await listen(server, 0);
  const state: GitServer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests: [],
    faults: {},
    token: undefined,
    scheme: 'Basic',
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async start() {
      await listen(server, port);
    },
    [Symbol.asyncDispose]: () => state.stop(),
  };
  return state;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function serve(
  root: string,
  state: GitServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await collect(request).catch(() => null);
  // Whoever asked has left, as a daemon does that is ended.
  if (body === null) return;
  const phase = phaseOf(request, body);
  const answer = await askBackend(root, request, body);
  const { authorization } = request.headers;
  const bytes = answer.body.length;
  state.requests.push({ phase, url: request.url ?? '', authorization, bytes });
  if (!isAuthorized(authorization, state)) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('no');
    return;
  }
  const fault = state.faults[phase];
  const isSpared = fault?.kind === 'redirect' && !request.url?.startsWith(fault.from ?? '');
  if (fault === undefined || isSpared) respond(response, answer, answer.body);
  else misbehave(response, answer, fault);
}

function phaseOf({ method, url = '' }: IncomingMessage, body: Buffer): Phase {
  if (method !== 'POST') return 'refs';
  if (url.endsWith('/git-receive-pack')) return 'push';
  return body.includes('want ') ? 'pack' : 'refs';
}

interface BackendAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

function respond(response: ServerResponse, answer: BackendAnswer, body: Buffer): void {
  response.writeHead(answer.status, { 'content-type': answer.type }).end(body);
}

function misbehave(response: ServerResponse, answer: BackendAnswer, fault: Fault): void {
  const { body, type } = answer;
  switch (fault.kind) {
    case 'break':
      response.writeHead(200, { 'content-type': type, 'content-length': body.length });
      response.write(spoiled(body, fault), () => response.destroy());
      return;
    case 'hang':
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end(spoiled(body, fault));
      return;
    case 'status':
      response.writeHead(fault.status).end('no');
      return;
    case 'redirect':
      response.writeHead(fault.status, { location: fault.location }).end();
      return;
    default:
      respond(response, answer, spoiled(body, fault));
  }
}

function isAuthorized(header = '', { token, scheme }: GitServer): boolean {
  if (token === undefined) return true;
  if (scheme === 'Bearer') return header === `Bearer ${token}`;
  const credentials = Buffer.from(header.replace(/^Basic /, ''), 'base64').toString();
  return credentials.split(':')[1] === token;
}

/** Runs the CGI program of native Git; see git-http-backend(1) for its variables. */
async function askBackend(
  root: string,
  request: IncomingMessage,
  body: Buffer,
): Promise<BackendAnswer> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: String(body.length),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(body);
  const output = await collect(child.stdout);
  const end = output.indexOf('\r\n\r\n');
  const head = output.subarray(0, end).toString();
  return {
    status: Number(/^Status: (\d+)/im.exec(head)?.[1] ?? 200),
    type: /^Content-Type: (.*)$/im.exec(head)?.[1]?.trim() ?? '',
    body: output.subarray(end + 4),
  };
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
