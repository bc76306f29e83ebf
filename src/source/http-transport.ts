import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import type { GitHttpRequest, GitHttpResponse } from 'isomorphic-git';

import { messageOf, StalledError } from '../model/errors.ts';
import { bodyOf, wholeBody } from './body.ts';
import type { ExchangeAnswer } from './http-exchange.ts';
import { exchange } from './http-exchange.ts';
import { judgeAnswer, protocolError } from './judge-answer.ts';
import type { Conversation, Transport, TransportLimits } from './transport.ts';

export interface HttpTransportOptions extends TransportLimits {
  readonly url: string;
  readonly tokenFile: string | undefined;
  readonly username: string;
}

const maxRedirects = 3;
const infoRefs = '/info/refs';

/** Speaks HTTP. The credentials reach no other origin than the configured one. */
export class HttpTransport implements Transport {
  readonly url: string;
  readonly host: string;
  readonly #options: HttpTransportOptions;
  readonly #origin: URL;
  readonly #agent: Agent;
  /** Where the repository is after redirects within its origin; also a POST goes there. */
  #base: string;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#origin = new URL(options.url);
    this.url = options.url;
    this.host = this.#origin.host;
    this.#base = options.url;
    const keep = { keepAlive: true, maxSockets: 2 };
    this.#agent = this.#origin.protocol === 'https:' ? new HttpsAgent(keep) : new Agent(keep);
  }

  converse(signal: AbortSignal): Conversation {
    return {
      request: (request) => this.#request(request, signal),
      async [Symbol.asyncDispose]() {},
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
  }

  async #request(request: GitHttpRequest, signal: AbortSignal): Promise<GitHttpResponse> {
    const path = request.url.slice(this.url.length);
    const isPost = request.method === 'POST';
    const sent = await wholeBody(request.body);
    const headers = { 'user-agent': 'git/fleetwright', ...request.headers };
    const answer = await this.#send(isPost ? 'POST' : 'GET', path, headers, sent, signal);
    const program = path.includes('git-receive-pack') ? 'receive-pack' : 'upload-pack';
    judgeAnswer(answer, isPost ? 'result' : 'advertisement', this.host, program);
    return {
      url: request.url,
      statusCode: answer.status,
      statusMessage: 'OK',
      headers: { 'content-type': answer.contentType },
      body: bodyOf(answer.body),
    };
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<ExchangeAnswer> {
    for (let redirects = 0; ; redirects += 1) {
      const url = new URL(this.#base + path);
      const authorization = await this.#authorization();
      const all = { ...headers, ...authorization };
      const options = { ...this.#options, url, method, headers: all, body, signal };
      const answer = await exchange({ ...options, agent: this.#agent });
      if (![301, 302, 303, 307, 308].includes(answer.status)) return answer;
      this.#follow(method, url, answer.location, redirects);
    }
  }

  /** Only the GET of the refs is redirected, and only within the origin: anything else could carry the token away. */
  #follow(method: 'GET' | 'POST', from: URL, location: string, redirects: number): void {
    const { host, origin } = this.#origin;
    const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    const shown = target === undefined ? 'nowhere' : `${target.origin}${target.pathname}`;
    if (target?.origin !== origin) {
      throw protocolError(
        host,
        `it redirects to ${shown}, which is not followed. If the repository has moved there, configure that URL`,
      );
    }
    if (method !== 'GET' || redirects >= maxRedirects || !target.pathname.endsWith(infoRefs)) {
      throw protocolError(host, `it redirects to ${shown}, where no repository can be`);
    }
    this.#base = origin + target.pathname.slice(0, -infoRefs.length);
  }

  /** Read at each use: a token is rotated by replacing its file. */
  async #authorization(): Promise<Record<string, string>> {
    const { tokenFile, username } = this.#options;
    if (tokenFile === undefined) return {};
    const token = await readToken(tokenFile);
    const credentials = Buffer.from(`${username}:${token}`).toString('base64');
    return { authorization: `Basic ${credentials}` };
  }
}

/** @throws StalledError `AuthenticationFailed` */
async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new StalledError(
      'AuthenticationFailed',
      `Cannot read the token file "${file}": ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (token !== '') return token;
  throw new StalledError(
    'AuthenticationFailed',
    `Cannot use the token file "${file}": it is empty. Write the token into it`,
  );
}
