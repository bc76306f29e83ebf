import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Logger } from 'pino';

import { messageOf, UsageError } from '../model/errors.ts';
import { boundConnections } from './bound-connections.ts';
import { judgeWebhook, webhookSenders, type WebhookSender } from './judge-webhook.ts';
import { formatListenAddress, type ListenAddress } from './listen-address.ts';

export interface WebhookServerParts {
  readonly listen: ListenAddress;
  /** Reads the secret that all senders share: at each call, so that it can be replaced. */
  readonly readSecret: () => Promise<string>;
  readonly logger: Logger;
  /** Somebody who knows the secret says that there is something new: a hint, never the truth. */
  readonly onHint: () => void;
}

export interface WebhookServer extends AsyncDisposable {
  /** The port is the one in use when any was asked for. */
  readonly address: ListenAddress;
}

/** The largest body that a Git server sends: GitHub's bound. */
const maxBodyBytes = 25 * 1024 * 1024;
const timeouts = {
  headersTimeout: 5000,
  requestTimeout: 20_000,
  keepAliveTimeout: 5000,
  // What is late is looked for so often, and each 30 s by default.
  connectionsCheckingInterval: 1000,
};
const maxConnections = 100;

/**
 * Listens for webhooks at `/webhooks/{github,gitlab,gitea,generic}`. What they say is not read, for the repository itself is
 * asked then: a webhook only says when.
 *
 * @throws UsageError when it cannot listen there
 */
export async function openWebhookServer(parts: WebhookServerParts): Promise<WebhookServer> {
  const server = createServer(timeouts, (request, response) => {
    void answer(parts, request, response);
  });
  boundConnections(server, maxConnections);
  const { port } = await listenAt(server, parts.listen);
  const address = { ...parts.listen, port };
  return {
    address,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listenAt(server: Server, { host, port }: ListenAddress): Promise<AddressInfo> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new UsageError(
      `Cannot listen at ${formatListenAddress({ host, port })}: ${messageOf(error)}`,
      { cause: error },
    );
  }
  return server.address() as AddressInfo;
}

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function answer(
  parts: WebhookServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let given: Answer;
  try {
    given = await judgeRequest(parts, request);
  } catch (error) {
    // A caller who hangs up is not worth a line, and gets no answer either.
    if (request.destroyed && !request.complete) return;
    parts.logger.error({ reason: messageOf(error) }, 'webhook cannot be judged');
    given = { status: 503, message: 'the webhook cannot be judged now; the log says why' };
  }
  const { status, message, headers = {} } = given;
  // What was not read of a body would be taken for the next request.
  const close = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, { 'content-type': 'application/json', ...headers, ...close });
  response.end(`${JSON.stringify({ message })}\n`);
}

async function judgeRequest(parts: WebhookServerParts, request: IncomingMessage): Promise<Answer> {
  const { readSecret, logger, onHint } = parts;
  const sender = senderOf(request);
  if (sender === null) {
    const paths = webhookSenders.map((each) => `/webhooks/${each}`).join(', ');
    return { status: 404, message: `there is nothing here; webhooks go to ${paths}` };
  }
  if (request.method !== 'POST') {
    return { status: 405, message: 'a webhook is a POST', headers: { allow: 'POST' } };
  }
  const secret = await readSecret();
  const digest = await digestBody(request, secret);
  if (digest === null) {
    return { status: 413, message: `the body is larger than ${maxBodyBytes} bytes` };
  }
  const verdict = judgeWebhook(sender, request.headers, secret, digest);
  if (verdict === 'refused') {
    logger.warn({ sender, from: request.socket.remoteAddress }, 'webhook refused');
    return { status: 401, message: 'the signature is missing or made with another secret' };
  }
  if (verdict === 'ping') return { status: 200, message: 'webhooks get through' };
  logger.debug({ sender }, 'webhook');
  onHint();
  return { status: 202, message: 'the repository is asked now' };
}

function senderOf({ url = '' }: IncomingMessage): WebhookSender | null {
  const [path] = url.split('?');
  return webhookSenders.find((each) => path === `/webhooks/${each}`) ?? null;
}

/** HMAC-SHA256 of the body, which is not kept; null when it is too large. */
async function digestBody(request: IncomingMessage, secret: string): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return null;
  const hmac = createHmac('sha256', secret);
  let bytes = 0;
  // The answer needs the connection, so what is not read must not end it.
  const chunks: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return null;
    hmac.update(chunk);
  }
  return hmac.digest();
}
