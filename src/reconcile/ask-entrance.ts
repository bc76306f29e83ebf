import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';

import { messageOf } from '../model/errors.ts';
import { printable } from '../model/printable.ts';
import type { ProofTarget } from '../model/proof.ts';
import { describeFailure } from './probe.ts';

/** One request as a client from outside would send it. */
export interface EntranceQuestion {
  /** Scheme, host and port. */
  readonly entrance: string;
  /** Goes into `Host:`, and is the name that a certificate is for. */
  readonly host: string;
  readonly proof: Pick<ProofTarget['proof'], 'path' | 'timeoutMs' | 'expectStatus'>;
}

/**
 * The way to an entrance. Gives why the answer is not well, such as `HTTP 502`; null: it is. It never throws, and ends soon
 * after the signal is aborted.
 */
export type AskEntrance = (
  question: EntranceQuestion,
  signal: AbortSignal,
) => Promise<string | null>;

const cutOff = 'the answer was cut off';
/** What is told to people of an error, which may hold names out of a certificate. */
const saidChars = 200;

/** A process that was away for longer has not looked yet at what has come meanwhile. */
const stoodStillMs = 50;

/** One GET on a connection of its own, whose answer is read to its end. Redirects are not followed. */
export const askEntrance: AskEntrance = async (question, signal) => {
  try {
    return await askOnce(question, signal);
  } catch (error) {
    return messageOf(error);
  }
};

function askOnce(
  { entrance, host, proof }: EntranceQuestion,
  signal: AbortSignal,
): Promise<string | null> {
  const { path, timeoutMs, expectStatus } = proof;
  const url = new URL(entrance);
  const headers = { host, 'user-agent': 'fleetwright' };
  const options: RequestOptions = { path, agent: false, signal, headers };
  return new Promise((resolve) => {
    let isLate = false;
    const end = (reason: string | null): void => {
      stopWaiting();
      resolve(isLate ? `no whole answer within ${timeoutMs} ms` : reason);
    };
    const call =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, servername: host })
        : requestHttp(url, options);
    const stopWaiting = afterAwake(timeoutMs, () => {
      isLate = true;
      call.destroy();
    });
    call.on('response', (response) => {
      const reason = judge(response, url, host, expectStatus);
      response.on('end', () => end(response.complete ? reason : cutOff));
      response.on('error', () => end(cutOff));
      response.resume();
    });
    // It has no response then, and whoever destroys it hears of no error.
    call.on('upgrade', ({ statusCode }, socket) => {
      socket.destroy();
      end(`HTTP ${statusCode ?? 0}`);
    });
    call.on('error', (error) => end(printable(describeFailure(error), saidChars)));
    call.end();
  });
}

/**
 * Calls back after a time. After this process stood still it waits once more: timers come before what has been received.
 *
 * @returns the way to call it off
 */
function afterAwake(ms: number, call: () => void): () => void {
  const due = performance.now() + ms;
  let timer = setTimeout(() => {
    if (performance.now() - due <= stoodStillMs) call();
    else timer = setTimeout(call, stoodStillMs);
  }, ms);
  return () => clearTimeout(timer);
}

function judge(
  { statusCode: status = 0, headers }: IncomingMessage,
  { protocol }: URL,
  host: string,
  expected: number | null,
): string | null {
  if (expected !== null) return status === expected ? null : `HTTP ${status}`;
  if (status >= 500) return `HTTP ${status}`;
  const location = headers.location ?? '';
  const place = URL.canParse(location) ? new URL(location) : null;
  const isSentToTls =
    protocol === 'http:' && place?.protocol === 'https:' && place.hostname === host;
  // Whoever sends all to where TLS is says nothing about the instances behind that.
  if (status >= 300 && status < 400 && isSentToTls) {
    return `HTTP ${status}, to https: give the "url" of the proof with https`;
  }
  return null;
}
