import { spawn } from 'node:child_process';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server does wrong, once it knows the right answer. */
export type Fault =
  /** Sends the first bytes and breaks the connection. */
  | { readonly kind: 'break'; readonly at: number }
  /** Sends the first bytes and ends as if that were all. */
  | { readonly kind: 'cut'; readonly at: number }
  /** Leaves out the last packets and ends as if that were all. */
  | { readonly kind: 'cut-at-packet'; readonly packets: number }
  /** Changes one byte of the pack, counted from its end when negative. */
  | { readonly kind: 'flip'; readonly at: number }
  /** Sends this pack in place of the one asked for. */
  | { readonly kind: 'pack'; readonly pack: Buffer }
  | { readonly kind: 'hang' }
  | { readonly kind: 'html' }
  | { readonly kind: 'status'; readonly status: number }
  /** Redirects requests whose path begins with `from`. */
  | {
      readonly kind: 'redirect';
      readonly status: number;
      readonly location: string;
      readonly from?: string;
    };

/** The list of refs and its capabilities, a pack that is asked for, or one that is pushed. */
export type Phase = 'refs' | 'pack' | 'push';

export interface SeenRequest {
  readonly phase: Phase;
  readonly url: string;
  readonly authorization: string | undefined;
  /** Bytes of the right answer's body. */
  readonly bytes: number;
}

/** A real `git http-backend` on loopback, which can be told to misbehave. */
export interface GitServer extends AsyncDisposable {
  /** `http://127.0.0.1:port` without a slash. */
  readonly url: string;
  readonly port: number;
  readonly requests: SeenRequest[];
  /** By phase; taken back by setting it to undefined. */
  faults: { [phase in Phase]?: Fault };
  /** When set, requests without it as the password are refused with 401. */
  token: string | undefined;
}

/** Serves every repository below `root`. */
export async function startGitServer(root: string): Promise<GitServer> {
  const server = createServer((request, response) => {
    void serve(root, state, request, response);
  });
  const port = await listen(server);
  const state: GitServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: [],
    faults: {},
    token: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function serve(
  root: string,
  state: GitServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await collect(request);
  const phase = phaseOf(request, body);
  const answer = await askBackend(root, request, body);
  const { authorization } = request.headers;
  const bytes = answer.body.length;
  state.requests.push({ phase, url: request.url ?? '', authorization, bytes });
  if (state.token !== undefined && !isAuthorized(authorization, state.token)) {
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
      response.write(body.subarray(0, fault.at), () => response.destroy());
      return;
    case 'cut':
      respond(response, answer, body.subarray(0, fault.at));
      return;
    case 'cut-at-packet':
      respond(response, answer, Buffer.concat(packets(body).slice(0, -fault.packets)));
      return;
    case 'flip':
      respond(response, answer, packAnswer(flipped(packIn(body), fault.at)));
      return;
    case 'pack':
      respond(response, answer, packAnswer(fault.pack));
      return;
    case 'hang':
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>');
      return;
    case 'status':
      response.writeHead(fault.status).end('no');
      return;
    case 'redirect':
      response.writeHead(fault.status, { location: fault.location }).end();
  }
}

function packets(body: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const size = Math.max(4, Number.parseInt(body.toString('latin1', at, at + 4), 16));
    found.push(body.subarray(at, at + size));
    at += size;
  }
  return found;
}

/** What was sent in the first side band. */
function packIn(body: Buffer): Buffer {
  const lines = packets(body).map((packet) => packet.subarray(4));
  return Buffer.concat(lines.filter((line) => line[0] === 1).map((line) => line.subarray(1)));
}

function flipped(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body);
  const index = at < 0 ? body.length + at : at;
  copy.writeUInt8(copy.readUInt8(index) ^ 0x10, index);
  return copy;
}

function packAnswer(pack: Buffer): Buffer {
  const band = Buffer.concat([Buffer.from([1]), pack]);
  return Buffer.concat([frame(Buffer.from('NAK\n')), frame(band), Buffer.from('0000')]);
}

function frame(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

function isAuthorized(header: string | undefined, token: string): boolean {
  const credentials = Buffer.from(header?.replace(/^Basic /, '') ?? '', 'base64').toString();
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
