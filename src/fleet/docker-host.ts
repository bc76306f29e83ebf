import type { Readable } from 'node:stream';

import type { WireVersion } from './wire.ts';

/** One request to a Docker Engine. */
export interface EngineRequest {
  /** What is asked, for messages: `inspect container "web"`. */
  readonly what: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the API version, without a query. Build it with enginePath(). */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** A tar archive as the body, instead of JSON. */
  readonly archive?: Buffer;
  /** Value of the header X-Registry-Auth, which the engine hands on to a registry: a secret. */
  readonly registryAuth?: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** The connection to one host that answers as a Docker Engine does. All methods reject with EngineError. */
export interface DockerHost {
  /** Negotiated, such as `1.41`; empty before negotiate(). */
  readonly apiVersion: string;
  /**
   * How many connections were found broken when they were used again: between two readings with the same number the host
   * has not been restarted.
   */
  readonly breaks: number;
  /** Asks which API versions the engine speaks and pins the best one. */
  negotiate(deadlineMs: number, signal: AbortSignal): Promise<WireVersion>;
  /** A call that answers with JSON. */
  json<T>(request: EngineRequest): Promise<T>;
  /** A call whose answer does not matter. */
  send(request: EngineRequest): Promise<void>;
  /** Whether the object exists: a call that answers 404 gives null. */
  find<T>(request: EngineRequest): Promise<T | null>;
  /** A call that answers with a stream. The deadline is for its beginning; `signal` ends it, also later. */
  stream(request: EngineRequest): Promise<Readable>;
  /** Closes all connections that are idle, and the others as soon as their calls are over. */
  close(): void;
}
