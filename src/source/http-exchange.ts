import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { StalledError, TransientError } from '../model/errors.ts';
import { Deadlines } from './deadlines.ts';
import type { GitAnswer } from './judge-answer.ts';
import { protocolError, tooLarge } from './judge-answer.ts';
import { codeOf, networkTrouble, unreachable } from './reach.ts';
import type { TransportLimits } from './transport.ts';

export interface Exchange extends TransportLimits {
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
  const limits = new Deadlines(options, url.host, signal, (reason) => {
    request.destroy(reason instanceof Error ? reason : new Error('cancelled'));
  });
  let received = 0;
  try {
    // A request that has no socket yet, as when a proxy hangs, tells nobody that it was destroyed.
    const response = await Promise.race([responseTo(request, body), limits.ended]);
    limits.touch();
    const chunks: Uint8Array[] = [];
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      limits.touch();
      received += chunk.length;
      if (received > options.maxAnswerBytes) throw tooLarge(url.host, options.maxAnswerBytes);
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

function failure(
  error: unknown,
  { url, signal }: Exchange,
  received: number,
  isReused: boolean,
): unknown {
  if (error instanceof TransientError || error instanceof StalledError || signal.aborted) {
    return error;
  }
  const code = codeOf(error);
  if (received > 0) return protocolError(url.host, `the answer broke off after ${received} bytes`);
  if (isReused && (code === 'ECONNRESET' || code === 'EPIPE')) {
    return new StaleSocketError('GitUnreachable', `Cannot reach ${url.host}: ${code}`);
  }
  return unreachable(url.host, networkTrouble(error));
}
