import type { GitHttpRequest, GitHttpResponse } from 'isomorphic-git';

import { bodyOf, wholeBody } from './body.ts';
import type { Authorization } from './http-authorization.ts';
import type { ExchangeAnswer } from './http-exchange.ts';
import { exchange } from './http-exchange.ts';
import type { HttpRoute } from './http-route.ts';
import { judgeAnswer, protocolError } from './judge-answer.ts';
import type { Conversation, Transport, TransportLimits } from './transport.ts';

export interface HttpTransportOptions extends TransportLimits {
  readonly url: string;
  readonly authorization: Authorization;
  /** Is the transport's, and closed with it. */
  readonly route: HttpRoute;
}

const maxRedirects = 3;
const infoRefs = '/info/refs';

/** Speaks HTTP. The credentials reach no other origin than the configured one. */
export class HttpTransport implements Transport {
  readonly url: string;
  readonly host: string;
  readonly #options: HttpTransportOptions;
  readonly #origin: URL;
  /** Where the repository is after redirects within its origin; also a POST goes there. */
  #base: string;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#origin = new URL(options.url);
    this.url = options.url;
    this.host = this.#origin.host;
    this.#base = options.url;
  }

  converse(signal: AbortSignal): Conversation {
    return {
      request: (request) => this.#request(request, signal),
      async [Symbol.asyncDispose]() {},
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.route.close();
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
    const { authorization, route } = this.#options;
    for (let redirects = 0; ; redirects += 1) {
      const url = new URL(this.#base + path);
      const proof = await authorization.header(signal);
      const all = proof === undefined ? headers : { ...headers, authorization: proof };
      const hop = await route.hop(url, true);
      const answer = await exchange({
        ...this.#options,
        url,
        method,
        headers: all,
        body,
        signal,
        hop,
      });
      if (answer.status === 401 || answer.status === 403) authorization.refused();
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
}
