import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { StalledError, TransientError } from '../model/errors.ts';
import { printable } from '../model/printable.ts';
import type { Hop, HttpRoute } from '../source/http-route.ts';
import { networkTrouble } from '../source/reach.ts';
import { DeliveryError } from './delivery-error.ts';

export interface Post {
  /** May hold a secret: it is in no error. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly route: HttpRoute;
  readonly signal: AbortSignal;
}

/** What nobody mends by trying again: it is this body that is wrong, or what it is about is not there. */
const finalAnswers: readonly number[] = [400, 413, 422];
const longestRetryAfterMs = 3_600_000;
const longestBodyMs = 2_000;
/** Of a place that the other side names, in characters. */
const longestTarget = 200;

/**
 * Posts JSON, and takes any 2xx for an answer. No redirect is followed, since that would carry what is secret elsewhere.
 *
 * @throws DeliveryError for all but a 2xx; or the reason of the signal
 */
export async function postJson({ url, headers, body, route, signal }: Post): Promise<void> {
  signal.throwIfAborted();
  const hop = await hopTo(url, route);
  const length = String(Buffer.byteLength(body));
  const all = {
    ...headers,
    'content-type': 'application/json',
    'content-length': length,
    'user-agent': 'fleetwright',
    // A kept connection that the other side has closed meanwhile would look like a failure.
    connection: 'close',
  };
  let answer: IncomingMessage;
  try {
    answer = await responseTo(begin(url, all, hop, signal), body, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new DeliveryError(`Cannot reach ${url.host}: ${troubleOf(error)}`);
  }
  discard(answer);
  judge(url, answer);
}

async function hopTo(url: URL, route: HttpRoute): Promise<Hop> {
  try {
    return await route.hop(url, false);
  } catch (error) {
    if (error instanceof StalledError) throw new DeliveryError(error.message);
    throw error;
  }
}

function begin(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { agent, proxy }: Hop,
  signal: AbortSignal,
): ClientRequest {
  const options = { method: 'POST', agent, signal };
  if (url.protocol === 'https:') return httpsRequest(url, { ...options, headers });
  if (proxy === undefined) return httpRequest(url, { ...options, headers });
  const { hostname, port } = proxy.url;
  const place = { hostname, port: port === '' ? 80 : port, path: url.href };
  const both = { ...headers, ...proxy.headers, host: url.host };
  return httpRequest({ ...options, ...place, headers: both });
}

function responseTo(
  request: ClientRequest,
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    // A request that has no socket yet, as when a proxy hangs, tells nobody that it was destroyed.
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    request.end(body);
  });
}

/** A proxy is in the way of a repository and of a receiver alike; what it is that it is in the way of is said already. */
function troubleOf(error: unknown): string {
  if (error instanceof TransientError || error instanceof StalledError) {
    return error.message.replace(/^Cannot reach the repository on \S+: /, '');
  }
  return networkTrouble(error);
}

/** Nothing in it is of use, and it may repeat what was sent. One without an end is cut off. */
function discard(answer: IncomingMessage): void {
  const timer = setTimeout(() => answer.destroy(), longestBodyMs).unref();
  answer.once('close', () => clearTimeout(timer));
  answer.on('error', () => {}).resume();
}

function judge(url: URL, { statusCode: status = 0, headers }: IncomingMessage): void {
  if (status >= 200 && status < 300) return;
  if (status >= 300 && status < 400) {
    const { location = '' } = headers;
    const target = URL.canParse(location, url.href) ? new URL(location, url).origin : 'nowhere';
    const words = `${url.host} redirects to ${printable(target, longestTarget)}, which is not followed: configure the URL that it has now`;
    throw new DeliveryError(words);
  }
  const retryAfterMs = retryAfter(headers['retry-after']);
  const isFinal = finalAnswers.includes(status);
  throw new DeliveryError(`${url.host} answers HTTP ${status}`, { isFinal, retryAfterMs });
}

/** Seconds or a date; null: it says nothing that can be read. */
function retryAfter(text: string | undefined): number | null {
  if (text === undefined) return null;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), longestRetryAfterMs);
}
