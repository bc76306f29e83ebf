import { createPrivateKey } from 'node:crypto';

import { SignJWT } from 'jose';

import { messageOf, StalledError, TransientError } from '../model/errors.ts';
import { readCredential, refuseCredential } from '../secrets/credential-file.ts';
import { protocolError } from './judge-answer.ts';
import { printable } from '../model/printable.ts';

/** An app of GitHub that is installed where the repository is. */
export interface GithubAppOptions {
  /** Number of the app, or its client id. */
  readonly appId: string;
  readonly installationId: string;
  /** The private key of the app as PEM; read at each use. */
  readonly keyFile: string;
  /** `https://api.github.com`, or that of a GitHub Enterprise Server, without a slash at the end. */
  readonly apiUrl: string;
}

/** What asks the API of GitHub: a request without a body, and what came back. */
export type AskGithub = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

/** GitHub takes at most ten minutes, and clocks differ. */
const jwtSeconds = { before: 60, after: 540 };
/** A clone may take a while, and begins with a token that must last. */
const spareMs = 5 * 60_000;
const maxWords = 200;

interface Token {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The tokens of an installed GitHub App: each serves until shortly before it expires. */
export class InstallationTokens {
  readonly #options: GithubAppOptions;
  readonly #ask: AskGithub;
  #token: Token | undefined;

  constructor(options: GithubAppOptions, ask: AskGithub) {
    this.#options = options;
    this.#ask = ask;
  }

  /** @throws StalledError `AuthenticationFailed`; TransientError `GitUnreachable`, `RateLimited`, `GitProtocol` */
  async current(signal: AbortSignal): Promise<string> {
    const known = this.#token;
    if (known !== undefined && known.expiresAt - spareMs > Date.now()) return known.text;
    this.#token = await this.#request(signal);
    return this.#token.text;
  }

  /** Takes another one next time: somebody has revoked the one there was. */
  forget(): void {
    this.#token = undefined;
  }

  async #request(signal: AbortSignal): Promise<Token> {
    const { apiUrl, installationId } = this.#options;
    const path = `/app/installations/${encodeURIComponent(installationId)}/access_tokens`;
    const url = new URL(`${apiUrl}${path}`);
    const headers = {
      authorization: `Bearer ${await this.#jwt()}`,
      accept: 'application/vnd.github+json',
      'user-agent': 'fleetwright',
      'x-github-api-version': '2022-11-28',
    };
    const { status, body } = await this.#ask(url, headers, signal);
    const answer = parseAnswer(body);
    if (status !== 201) throw this.#refusal(url.host, status, answer);
    const expiresAt = Date.parse(String(answer['expires_at']));
    const { token } = answer;
    if (typeof token !== 'string' || token === '' || Number.isNaN(expiresAt)) {
      throw protocolError(url.host, 'it answers without a token. Is githubApiUrl right?');
    }
    return { text: token, expiresAt };
  }

  async #jwt(): Promise<string> {
    const { appId, keyFile } = this.#options;
    const pem = await readCredential(keyFile, 'GitHub App key');
    const now = Math.floor(Date.now() / 1000);
    try {
      return await new SignJWT()
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuer(appId)
        .setIssuedAt(now - jwtSeconds.before)
        .setExpirationTime(now + jwtSeconds.after)
        .sign(createPrivateKey(pem));
    } catch (error) {
      const why = `it is no RSA key that can sign (${messageOf(error)}). Download one from the settings of the app`;
      throw refuseCredential('use', 'GitHub App key', keyFile, why);
    }
  }

  #refusal(host: string, status: number, answer: Record<string, unknown>): Error {
    const { appId, installationId, keyFile } = this.#options;
    const { message } = answer;
    const words = typeof message === 'string' ? printable(message, maxWords) : '';
    const said = `${host} answers HTTP ${status}${words === '' ? '' : ` (${JSON.stringify(words)})`}`;
    const what = `Cannot get a token of GitHub App ${appId} for installation ${installationId}: ${said}`;
    if (status === 429) return new TransientError('RateLimited', what);
    if (status >= 500) return new TransientError('GitUnreachable', what);
    const advice =
      status === 404
        ? 'Check githubInstallationId, and that the app is still installed'
        : `Check githubAppId, that the key "${keyFile}" belongs to it, and the clock of this machine`;
    return new StalledError('AuthenticationFailed', `${what}. ${advice}`);
  }
}

/** An answer that is no object says nothing. */
function parseAnswer(body: Uint8Array): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
