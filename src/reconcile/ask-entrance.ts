import { request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';

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

/** One GET on a connection of its own, whose answer is read to its end. Redirects are not followed. */
export const askEntrance: AskEntrance = ({ entrance, host, proof }, signal) => {
  const { path, timeoutMs, expectStatus } = proof;
  const url = new URL(entrance);
  const headers = { host, 'user-agent': 'fleetwright' };
  const options: RequestOptions = { path, agent: false, signal, headers };
  return new Promise((resolve) => {
    let isLate = false;
    const end = (reason: string | null): void => {
      clearTimeout(timer);
      resolve(isLate ? `no whole answer within ${timeoutMs} ms` : reason);
    };
    const call =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, servername: host })
        : requestHttp(url, options);
    const timer = setTimeout(() => {
      isLate = true;
      call.destroy();
    }, timeoutMs);
    call.on('response', (response) => {
      const status = response.statusCode ?? 0;
      response.on('end', () => end(response.complete ? judge(status, expectStatus) : cutOff));
      response.on('error', () => end(cutOff));
      response.resume();
    });
    call.on('error', (error) => end(printable(describeFailure(error), saidChars)));
    call.end();
  });
};

function judge(status: number, expected: number | null): string | null {
  const isWell = expected === null ? status < 500 : status === expected;
  return isWell ? null : `HTTP ${status}`;
}
