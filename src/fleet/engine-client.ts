import type { Agent } from 'node:http';
import type { Readable } from 'node:stream';

import Docker from 'dockerode';

import type { Clock } from '../model/clock.ts';
import type { Endpoint } from '../model/fleet.ts';
import type { HostCredentials } from './credentials.ts';
import { withDeadline } from './deadline.ts';
import type { DockerHost, EngineRequest } from './docker-host.ts';
import type { EngineAgents } from './engine-agents.ts';
import { openAgents } from './engine-agents.ts';
import { EngineError, isStatus, toEngineError } from './engine-error.ts';
import { negotiateApiVersion } from './api-version.ts';
import type { WireVersion } from './wire.ts';

/** The layer of docker-modem that all methods of dockerode share. */
interface Modem {
  dial(
    options: {
      readonly path: string;
      readonly method: string;
      readonly options: { readonly _query: object; readonly _body: object };
      readonly file?: Buffer;
      readonly authconfig?: { readonly key: string };
      readonly isStream: boolean;
      readonly abortSignal: AbortSignal;
      readonly statusCodes: Readonly<Record<number, true>>;
    },
    callback: (error: unknown, result: unknown) => void,
  ): void;
}

/** 304 is "already so": an idempotent call that met its own effect. */
const goodStatuses = { 200: true, 201: true, 204: true, 304: true } as const;

/**
 * One Docker Engine through dockerode, with its holes closed (each measured; they hang an operator or act on the wrong host):
 * every call is raced against a deadline, the API version is pinned after negotiation, DOCKER_* variables are never
 * consulted, bodies never reach the URL, a truncated answer is an error, and long streams have an agent of their own so
 * that they take no slot from calls. Requests go through `modem.dial`, since the methods of dockerode differ in which
 * options they delete from the caller's object, and put the body of a create into the query.
 *
 * All methods reject with EngineError.
 */
export class EngineClient implements DockerHost {
  readonly #endpoint: Endpoint;
  readonly #agents: EngineAgents;
  readonly #clock: Clock;
  readonly #onCall: () => void;
  #calls: Modem;
  #streams: Modem;
  #apiVersion = '';
  #breaks = 0;

  /** @param onCall called for each request that is sent */
  constructor(
    endpoint: Endpoint,
    credentials: HostCredentials | null,
    clock: Clock,
    onCall: () => void,
  ) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#onCall = onCall;
    this.#agents = openAgents(endpoint, credentials);
    this.#calls = openModem(endpoint, this.#agents.calls, '');
    this.#streams = openModem(endpoint, this.#agents.streams, '');
  }

  get apiVersion(): string {
    return this.#apiVersion;
  }

  get breaks(): number {
    return this.#breaks;
  }

  async negotiate(deadlineMs: number, signal: AbortSignal): Promise<WireVersion> {
    const what = 'ask the engine for its version';
    const version = await this.json<WireVersion>({ what, path: '/version', deadlineMs, signal });
    const negotiation = negotiateApiVersion(version);
    if (negotiation.kind === 'refused') throw new EngineError('unreachable', negotiation.reason);
    this.#apiVersion = negotiation.apiVersion;
    this.#calls = openModem(this.#endpoint, this.#agents.calls, this.#apiVersion);
    this.#streams = openModem(this.#endpoint, this.#agents.streams, this.#apiVersion);
    return version;
  }

  async json<T>(request: EngineRequest): Promise<T> {
    const result = await this.#request(request);
    // docker-modem hands over the bytes of an answer that is not JSON, cut short, or `null`.
    if (Buffer.isBuffer(result) || typeof result !== 'object' || result === null) {
      throw new EngineError('lost', `Cannot ${request.what}: the answer is not whole JSON`);
    }
    return result as T;
  }

  async send(request: EngineRequest): Promise<void> {
    await this.#request(request);
  }

  async find<T>(request: EngineRequest): Promise<T | null> {
    try {
      return await this.json<T>(request);
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  stream(request: EngineRequest): Promise<Readable> {
    const { what, deadlineMs, signal } = request;
    return withDeadline({ what, ms: deadlineMs, clock: this.#clock }, signal, async (headers) => {
      const life = new AbortController();
      const end = (): void => life.abort();
      headers.addEventListener('abort', end, { once: true });
      signal.addEventListener('abort', end, { once: true });
      const answer = this.#dial(this.#streams, request, true, life.signal);
      const stream = (await answer) as Readable;
      stream.once('close', () => signal.removeEventListener('abort', end));
      return stream;
    });
  }

  close(): void {
    this.#agents.close();
  }

  async #request(request: EngineRequest): Promise<unknown> {
    const { what, deadlineMs, signal, method = 'GET' } = request;
    return withDeadline({ what, ms: deadlineMs, clock: this.#clock }, signal, async (inner) => {
      try {
        return await this.#dial(this.#calls, request, false, inner);
      } catch (error) {
        // The engine may close a kept-alive connection in the moment we use it: reading again is harmless.
        const again = method === 'GET' && error instanceof EngineError && error.trouble === 'lost';
        if (!again || inner.aborted) throw error;
        this.#breaks += 1;
        return this.#dial(this.#calls, request, false, inner);
      }
    });
  }

  #dial(
    modem: Modem,
    request: EngineRequest,
    isStream: boolean,
    abortSignal: AbortSignal,
  ): Promise<unknown> {
    this.#onCall();
    const { path, method = 'GET', query = {}, body = {}, archive, what } = request;
    const { registryAuth: key } = request;
    const asked = Object.keys(query).length > 0 ? `${path}?` : path;
    return new Promise((resolve, reject) => {
      modem.dial(
        {
          path: asked,
          method,
          options: { _query: query, _body: body },
          ...(archive === undefined ? {} : { file: archive }),
          ...(key === undefined ? {} : { authconfig: { key } }),
          isStream,
          abortSignal,
          statusCodes: goodStatuses,
        },
        (error, result) => {
          if (error === null || error === undefined) resolve(result);
          else reject(toEngineError(error, what));
        },
      );
    });
  }
}

function openModem(endpoint: Endpoint, agent: Agent, apiVersion: string): Modem {
  const common = {
    agent,
    // A version that is not a string would be the default, which is no prefix at all.
    version: apiVersion === '' ? undefined : `v${apiVersion}`,
    timeout: undefined,
    headers: {},
    pathPrefix: '/',
  };
  return withoutDockerVariables(() => {
    const docker = new Docker({ ...common, ...targetOf(endpoint) });
    return docker.modem;
  });
}

/** `host: undefined` must be said: docker-modem lets DOCKER_HOST beat an explicit socketPath. */
function targetOf(endpoint: Endpoint): object {
  switch (endpoint.kind) {
    case 'unix':
      return { host: undefined, port: undefined, protocol: 'http', socketPath: endpoint.path };
    case 'tcp': {
      const { host, port, tls } = endpoint;
      return { host, port, protocol: tls ? 'https' : 'http', socketPath: undefined };
    }
    case 'ssh':
      // Its agent never asks where to connect to, and a name is wanted all the same.
      return { host: 'docker', port: 80, protocol: 'http', socketPath: undefined };
  }
}

/** docker-modem reads DOCKER_* in its constructor, and throws when they name files that do not exist. */
function withoutDockerVariables<T>(make: () => T): T {
  const hidden = Object.entries(process.env).filter(([name]) => name.startsWith('DOCKER_'));
  for (const [name] of hidden) delete process.env[name];
  try {
    return make();
  } finally {
    Object.assign(process.env, Object.fromEntries(hidden));
  }
}
