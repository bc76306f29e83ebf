import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';

import type { QueryReading } from '../model/autoscale.ts';
import { messageOf } from '../model/errors.ts';
import { networkTrouble } from '../model/network-trouble.ts';
import { printable } from '../model/printable.ts';
import { withEither } from '../fleet/deadline.ts';
import { readQueryAnswer } from './query-answer.ts';

export interface Query {
  /** Base URL of a Prometheus: what stands before `/api/v1`. */
  readonly url: string;
  readonly query: string;
}

/** The way to a Prometheus. Never throws, and ends soon after the signal is aborted. */
export type AskPrometheus = (query: Query, signal: AbortSignal) => Promise<QueryReading>;

const timeoutMs = 10_000;
/** One number is wanted, and what is wrong is told in a line. */
const mostBytes = 64 * 1024;
const saidChars = 200;

/** An instant query (Prometheus, "HTTP API"), over a connection of its own. Redirects are not followed. */
export const askPrometheus: AskPrometheus = async ({ url, query }, signal) => {
  const base = url.replace(/\/+$/, '');
  const address = new URL(`${base}/api/v1/query`);
  address.searchParams.set('query', query);
  const late = AbortSignal.timeout(timeoutMs);
  try {
    return await withEither([signal, late], async (either) => {
      const answer = await answerOf(address, either);
      return readQueryAnswer(answer.statusCode ?? 0, await textOf(answer));
    });
  } catch (error) {
    const reason = late.aborted ? `no answer within ${timeoutMs} ms` : troubleOf(error);
    return { kind: 'unread', reason };
  }
};

function answerOf(address: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const request = address.protocol === 'https:' ? requestHttps : requestHttp;
  const headers = { accept: 'application/json', 'user-agent': 'fleetwright' };
  return new Promise((resolve, reject) => {
    request(address, { agent: false, signal, headers })
      .on('response', resolve)
      // It has no response then, and whoever destroys it hears of no error.
      .on('upgrade', ({ statusCode }, socket) => {
        socket.destroy();
        reject(new UnfitAnswer(`HTTP ${statusCode ?? 0}`));
      })
      .on('error', reject)
      .end();
  });
}

class UnfitAnswer extends Error {}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of answer.setEncoding('utf8')) {
    text += part as string;
    if (text.length > mostBytes) throw new UnfitAnswer('the answer is longer than 64 KiB');
  }
  return text;
}

function troubleOf(error: unknown): string {
  const words = error instanceof UnfitAnswer ? messageOf(error) : networkTrouble(error);
  return printable(words, saidChars);
}
