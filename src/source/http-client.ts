import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';

import { messageOf, StalledError } from '../model/errors.ts';
import type { ExchangeAnswer, ExchangeLimits } from './http-exchange.ts';
import { exchange } from './http-exchange.ts';
import { judgeAnswer, protocolError, withHead } from './judge-answer.ts';

export interface GitHttpOptions extends ExchangeLimits {
  readonly url: string;
  readonly branch: string;
  readonly tokenFile: string | undefined;
  readonly username: string;
}

const maxRedirects = 3;
const infoRefs = '/info/refs';

/**
 * The transport under isomorphic-git. It hands over whole, judged answers only, and it adds the credentials itself, so that
 * isomorphic-git never sees them: they reach no config file and no error, and no other origin than the configured one.
 */
export class GitHttpClient {
  readonly #options: GitHttpOptions;
  readonly #origin: URL;
  readonly #agent: Agent;
  /** Where the repository is after redirects within its origin; also a POST goes there. */
  #base: string;

  constructor(options: GitHttpOptions) {
    this.#options = options;
    this.#origin = new URL(options.url);
    this.#base = options.url;
    const keep = { keepAlive: true, maxSockets: 2 };
    this.#agent = this.#origin.protocol === 'https:' ? new HttpsAgent(keep) : new Agent(keep);
  }

  /** The plugin for one call of isomorphic-git, which is ended by the signal. */
  plugin(signal: AbortSignal): HttpClient {
    return { request: (request) => this.#request(request, signal) };
  }

  close(): void {
    this.#agent.destroy();
  }

  async #request(request: GitHttpRequest, signal: AbortSignal): Promise<GitHttpResponse> {
    const { url: base, branch } = this.#options;
    const path = request.url.slice(base.length);
    const isPost = request.method === 'POST';
    const sent = isPost ? Buffer.concat(await collect(request.body)) : Buffer.alloc(0);
    const headers = { 'user-agent': 'git/fleetwright', ...request.headers };
    const answer = await this.#send(isPost ? 'POST' : 'GET', path, headers, sent, signal);
    const program = path.includes('git-receive-pack') ? 'receive-pack' : 'upload-pack';
    judgeAnswer(answer, isPost ? 'result' : 'advertisement', this.#origin.host, program);
    const isList = !isPost && program === 'upload-pack';
    const body = isList ? withHead(answer.body, `refs/heads/${branch}`) : answer.body;
    return {
      url: request.url,
      statusCode: answer.status,
      statusMessage: 'OK',
      headers: { 'content-type': answer.contentType },
      body: once(body),
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

async function collect(body: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return chunks;
}

async function* once(body: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield body;
}
