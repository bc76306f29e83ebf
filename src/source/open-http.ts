import { UsageError } from '../model/errors.ts';
import type { AskGithub, GithubAppOptions } from './github-app.ts';
import { InstallationTokens } from './github-app.ts';
import type { Authorization } from './http-authorization.ts';
import { appAuthorization, noAuthorization, tokenAuthorization } from './http-authorization.ts';
import { exchange } from './http-exchange.ts';
import { HttpRoute } from './http-route.ts';
import { HttpTransport } from './http-transport.ts';
import { parseProxy } from './proxy.ts';
import type { SourceOptions } from './source-options.ts';
import type { Transport, TransportLimits } from './transport.ts';

/** @throws UsageError when the options lack something, or contradict each other */
export function openHttp(url: string, options: SourceOptions, limits: TransportLimits): Transport {
  const { http = {}, tokenFile, logger } = options;
  const { githubApp, proxy, clientCertFile, clientKeyFile } = http;
  if (proxy !== undefined) parseProxy(proxy.url);
  if (tokenFile !== undefined && githubApp !== undefined) {
    throw new UsageError(
      `Cannot follow repository ${url}: both a token file and a GitHub App are configured. Leave one of them out`,
    );
  }
  if ((clientCertFile === undefined) !== (clientKeyFile === undefined)) {
    throw new UsageError(
      `Cannot follow repository ${url}: a client certificate needs both clientCertFile and clientKeyFile`,
    );
  }
  if ((tokenFile ?? githubApp) !== undefined && isExposed(new URL(url))) {
    logger.warn({ url }, 'token is sent over plain http: anybody on the way can read it');
  }
  const route = new HttpRoute({ ...http, tunnelTimeoutMs: limits.idleTimeoutMs });
  const authorization = authorizationOf(options, githubTokens(url, githubApp, route, limits));
  return new HttpTransport({ ...limits, url, authorization, route });
}

function authorizationOf(
  { tokenFile, username = 'x-access-token', http = {} }: SourceOptions,
  tokens: InstallationTokens | undefined,
): Authorization {
  if (tokens !== undefined) return appAuthorization(tokens);
  if (tokenFile === undefined) return noAuthorization;
  return tokenAuthorization(tokenFile, http.tokenScheme ?? 'basic', username);
}

/** An answer with a token is much smaller. */
const maxApiBytes = 1024 * 1024;

/** @param url of the repository, which the API may share an origin with */
function githubTokens(
  url: string,
  app: GithubAppOptions | undefined,
  route: HttpRoute,
  limits: TransportLimits,
): InstallationTokens | undefined {
  if (app === undefined) return undefined;
  const api = checkedApi(app.apiUrl);
  const isOwn = api.origin === new URL(url).origin;
  const ask: AskGithub = async (target, headers, signal) => {
    const hop = await route.hop(target, isOwn);
    const body = new Uint8Array();
    return exchange({
      ...limits,
      maxAnswerBytes: maxApiBytes,
      url: target,
      method: 'POST',
      headers,
      body,
      hop,
      signal,
    });
  };
  return new InstallationTokens({ ...app, apiUrl: api.href.replace(/\/+$/, '') }, ask);
}

function checkedApi(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWellFormed =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (isWellFormed && !isExposed(url)) return url;
  throw new UsageError(
    'Cannot ask GitHub for tokens: its API needs an https:// URL without credentials, as https://api.github.com or https://github.example.com/api/v3',
  );
}

/** Whether a token could be read on its way there. */
function isExposed({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}
