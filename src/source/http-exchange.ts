import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { StalledError, TransientError } from '../model/errors.ts';
import { codeOf } from '../model/network-trouble.ts';
import { Deadlines } from './deadlines.ts';
import type { Hop } from './http-route.ts';
import type { GitAnswer } from './judge-answer.ts';
import { protocolError, refusedCertificate, tooLarge } from './judge-answer.ts';
import { networkTrouble, unreachable } from './reach.ts';
import type { TransportLimits } from './transport.ts';

export interface Exchange extends TransportLimits {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly hop: Hop;
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
  const { url, body, signal } = options;
  signal.throwIfAborted();
  const request = begin(options);
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

/** A proxy gets the whole URL of what is asked for over plain HTTP. */
function begin({ url, method, headers, body, hop: { agent, proxy } }: Exchange): ClientRequest {
  const length = method === 'POST' ? { 'content-length': String(body.length) } : {};
  const all = { ...headers, ...length };
  if (url.protocol === 'https:') return httpsRequest(url, { method, headers: all, agent });
  if (proxy === undefined) return httpRequest(url, { method, headers: all, agent });
  const { hostname, port } = proxy.url;
  const headersForBoth = { ...all, ...proxy.headers, host: url.host };
  const place = { hostname, port: port === '' ? 80 : port, path: url.href };
  return httpRequest({ ...place, method, headers: headersForBoth, agent });
}

function responseTo(request: ClientRequest, body: Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Stays for the request's life: an error after the answer began has the answer's reader to report it.
    request.on('error', reject);
    request.end(body);
  });
}

/** What OpenSSL calls it when the other side does not take our certificate, or misses one. */
const wantsCertificate =
  /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|ACCESS_DENIED|HANDSHAKE_FAILURE)$/;

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
  if (wantsCertificate.test(code)) return refusedCertificate(url.host, code);
  return unreachable(url.host, networkTrouble(error));
}
