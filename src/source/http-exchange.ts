import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { messageOf, TransientError } from '../model/errors.ts';
import type { GitAnswer } from './judge-answer.ts';
import { protocolError } from './judge-answer.ts';

export interface ExchangeLimits {
  readonly idleTimeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly maxAnswerBytes: number;
}

export interface Exchange extends ExchangeLimits {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

export interface ExchangeAnswer extends GitAnswer {
  /** The `Location` header, or empty. */
  readonly location: string;
}

/**
 * Sends one request and reads the whole answer. It always settles: a server that hangs, at whatever point, is given up
 * after the idle or the total timeout. Nothing is redirected here.
 *
 * @throws TransientError `GitUnreachable` when there was no whole answer, `GitProtocol` when it was too large or broke off
 */
export async function exchange(options: Exchange): Promise<ExchangeAnswer> {
  try {
    return await attempt(options);
  } catch (error) {
    // The server may close a kept connection at the moment we use it: that says nothing about the server.
    if (error instanceof StaleSocketError) return attempt(options);
    throw error;
  }
}

class StaleSocketError extends TransientError {}

async function attempt(options: Exchange): Promise<ExchangeAnswer> {
  const { url, method, headers, body, agent, signal } = options;
  signal.throwIfAborted();
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const length = method === 'POST' ? { 'content-length': String(body.length) } : {};
  const request = send(url, { method, headers: { ...headers, ...length }, agent });
  const limits = new Deadlines(request, options);
  let received = 0;
  try {
    const response = await responseTo(request, body);
    limits.touch();
    const chunks: Uint8Array[] = [];
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      limits.touch();
      received += chunk.length;
      if (received > options.maxAnswerBytes) throw tooLarge(options);
      chunks.push(chunk);
    }
    return {
      status: response.statusCode ?? 0,
      contentType: response.headers['content-type']?.split(';', 1)[0]?.trim() ?? '',
      location: response.headers.location ?? '',
      body: Buffer.concat(chunks, received),
    };
  } catch (error) {
    request.destroy();
    throw failure(limits.reason ?? error, options, received, request.reusedSocket);
  } finally {
    limits.clear();
  }
}

function responseTo(request: ClientRequest, body: Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Stays for the request's life: an error after the answer began has the answer's reader to report it.
    request.on('error', reject);
    request.end(body);
  });
}

/** Ends a request when nothing moves, when all of it takes too long, or when the caller no longer wants it. */
class Deadlines {
  /** Why the request was ended. */
  reason: unknown;
  readonly #request: ClientRequest;
  readonly #options: Exchange;
  readonly #total: NodeJS.Timeout;
  readonly #idle: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#end(this.#options.signal.reason);

  constructor(request: ClientRequest, options: Exchange) {
    const { idleTimeoutMs, totalTimeoutMs, url } = options;
    this.#request = request;
    this.#options = options;
    const give = (what: string): void => this.#end(unreachable(url, what));
    this.#total = setTimeout(
      () => give(`the answer was not complete within ${totalTimeoutMs / 1000} s`),
      totalTimeoutMs,
    );
    this.#idle = setTimeout(
      () => give(`the server sent nothing for ${idleTimeoutMs / 1000} s`),
      idleTimeoutMs,
    );
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  touch(): void {
    this.#idle.refresh();
  }

  clear(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#idle);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
  }

  #end(reason: unknown): void {
    this.reason = reason;
    this.#request.destroy(reason instanceof Error ? reason : new Error('cancelled'));
  }
}

function failure(
  error: unknown,
  { url, signal }: Exchange,
  received: number,
  isReused: boolean,
): unknown {
  if (error instanceof TransientError || signal.aborted) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (received > 0) return protocolError(url.host, `the answer broke off after ${received} bytes`);
  if (isReused && (code === 'ECONNRESET' || code === 'EPIPE')) {
    return new StaleSocketError('GitUnreachable', `Cannot reach ${url.host}: ${code}`);
  }
  const words = code === '' ? messageOf(error) : (meanings.get(code) ?? messageOf(error));
  return unreachable(url, code === '' ? words : `${words} (${code})`);
}

const meanings: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens at that port'],
  ['ENOTFOUND', 'its name cannot be resolved'],
  ['EAI_AGAIN', 'its name cannot be resolved now'],
  ['ECONNRESET', 'the connection was broken off before an answer came'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['EHOSTUNREACH', 'there is no route to it'],
  ['ENETUNREACH', 'there is no route to its network'],
]);

function unreachable(url: URL, seen: string): TransientError {
  return new TransientError(
    'GitUnreachable',
    `Cannot reach the repository on ${url.host}: ${seen}`,
  );
}

function tooLarge({ url, maxAnswerBytes }: Exchange): TransientError {
  return protocolError(
    url.host,
    `the answer is larger than ${maxAnswerBytes} bytes, the most that is taken`,
  );
}
