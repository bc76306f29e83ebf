import { Readable } from 'node:stream';

import { negotiateApiVersion } from '../../src/fleet/api-version.ts';
import { withDeadline } from '../../src/fleet/deadline.ts';
import type { DockerHost, EngineRequest } from '../../src/fleet/docker-host.ts';
import { EngineError, isStatus } from '../../src/fleet/engine-error.ts';
import type { WireVersion } from '../../src/fleet/wire.ts';
import type { ApiRequest, ApiResponse } from './engine/api.ts';
import { EventStream } from './event-stream.ts';
import { givenUpAfterMs } from './host-link.ts';
import type { Process } from './process.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** The connection of one process to one simulated engine, with the manners of EngineClient. */
export class SimulatedConnection implements DockerHost {
  readonly #process: Process;
  readonly #host: SimulatedHost;
  readonly #onCall: () => void;
  #apiVersion = '';
  #breaks = 0;
  /** Power cycles of the host when it answered last, and when that was. */
  #last = { boots: 0, at: 0 };

  constructor(process: Process, host: SimulatedHost, onCall: () => void) {
    this.#process = process;
    this.#host = host;
    this.#onCall = onCall;
    this.#last = { boots: host.boots, at: 0 };
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
    return version;
  }

  async json<T>(request: EngineRequest): Promise<T> {
    const { body } = await this.#request(request);
    if (typeof body !== 'object' || body === null) {
      throw new EngineError('lost', `Cannot ${request.what}: the answer is not whole JSON`);
    }
    return body as T;
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
    const deadline = { what, ms: deadlineMs, clock: this.#process.clock };
    return withDeadline(deadline, signal, async (inner) => {
      const answer = await this.#dial(request, inner);
      const isOver = request.path !== '/events' || request.query?.['until'] !== undefined;
      if (isOver) return Readable.from([toBytes(answer.body)]);
      return new EventStream(this.#process, this.#host, signal);
    });
  }

  close(): void {
    // Nothing is kept open but streams, and those end with their signal.
  }

  async #request(request: EngineRequest): Promise<ApiResponse> {
    const { what, deadlineMs, signal, method = 'GET' } = request;
    const deadline = { what, ms: deadlineMs, clock: this.#process.clock };
    return withDeadline(deadline, signal, async (inner) => {
      try {
        return await this.#dial(request, inner);
      } catch (error) {
        const again = method === 'GET' && error instanceof EngineError && error.trouble === 'lost';
        if (!again || inner.aborted) throw error;
        this.#breaks += 1;
        return this.#dial(request, inner);
      }
    });
  }

  async #dial(request: EngineRequest, signal: AbortSignal): Promise<ApiResponse> {
    this.#onCall();
    const host = this.#host;
    const now = this.#process.clock.now();
    const isStale = host.boots !== this.#last.boots && now - this.#last.at < givenUpAfterMs;
    if (isStale && host.isReachable) {
      // The connection that is kept open for the next call is one that the host knows nothing of.
      this.#last = { boots: host.boots, at: now };
      throw new EngineError('lost', `Cannot ${request.what}: the connection broke (ECONNRESET)`);
    }
    const answer = await host.link.call(this.#process, toApiRequest(request), signal);
    this.#last = { boots: host.boots, at: this.#process.clock.now() };
    if (answer.status < 400) return answer;
    const { message } = answer.body as { readonly message: string };
    throw new EngineError('status', message, answer.status);
  }
}

function toApiRequest(request: EngineRequest): ApiRequest {
  const { method = 'GET', path, query = {}, body = {}, archive = null } = request;
  return { method, path, query, body, archive };
}

/** A log comes as its bytes, the messages of a pull as lines. */
function toBytes(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  const messages = Array.isArray(body) ? body : [body];
  return Buffer.from(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
}
