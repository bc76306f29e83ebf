import { createPublicKey } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { jwtVerify } from 'jose';

/** Stands for the API of GitHub: gives tokens to whoever signs as the app, as its documentation says. */
export interface GithubApi extends AsyncDisposable {
  readonly url: string;
  /** Tokens that were given, in their order. */
  readonly given: string[];
  /** How long the next tokens are to last. */
  lifeMs: number;
  /** When set, what is answered in place of a token. */
  trouble: { readonly status: number; readonly body: string } | undefined;
}

interface App {
  readonly appId: string;
  readonly installationId: string;
  /** As PEM. */
  readonly publicKey: string;
  /** What the tokens begin with. */
  readonly prefix: string;
}

export async function startGithubApi(app: App): Promise<GithubApi> {
  const server = createServer((request, response) => void answer(app, state, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: GithubApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`,
    given: [],
    lifeMs: 3_600_000,
    trouble: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

async function answer(
  app: App,
  state: GithubApi,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const say = (status: number, body: string): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  };
  if (state.trouble !== undefined) return say(state.trouble.status, state.trouble.body);
  try {
    const jwt = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const rules = { algorithms: ['RS256'], issuer: app.appId, maxTokenAge: '10 minutes' };
    const { payload } = await jwtVerify(jwt, createPublicKey(app.publicKey), rules);
    if ((payload.exp ?? 0) - (payload.iat ?? 0) > 600) throw new Error('too long');
  } catch {
    return say(401, '{"message":"A JSON web token could not be decoded"}');
  }
  const path = `/api/v3/app/installations/${app.installationId}/access_tokens`;
  if (request.method !== 'POST' || request.url !== path) return say(404, '{"message":"Not Found"}');
  const token = `${app.prefix}-${state.given.length + 1}`;
  state.given.push(token);
  const expires = new Date(Date.now() + state.lifeMs).toISOString();
  say(201, JSON.stringify({ token, expires_at: expires }));
}
