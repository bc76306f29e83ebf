import { PassThrough, Readable } from 'node:stream';

import type { DockerHost, EngineRequest } from '../../../src/fleet/docker-host.ts';
import { EngineError } from '../../../src/fleet/engine-error.ts';
import type { WireContainer, WireEvent, WireVersion } from '../../../src/fleet/wire.ts';
import { label } from '../../../src/model/labels.ts';
import { settle } from '../../simulation/virtual-clock.ts';

/** A request that has no answer yet. */
export interface Asked {
  /** `GET /containers/json`. */
  readonly line: string;
  readonly answer: (body: unknown) => Promise<void>;
  readonly fail: (message: string) => Promise<void>;
}

/** An engine without containers that answers by itself, but for what a test has taken into its own hands. */
export class HandDrivenHost implements DockerHost {
  readonly apiVersion = '1.41';
  readonly breaks = 0;
  /** All requests so far, answered or not. */
  readonly lines: string[] = [];
  readonly #answers = new Map<string, unknown>([
    ['GET /info', { ID: 'engine' }],
    ['GET /networks', []],
    ['GET /volumes', { Volumes: [] }],
    ['GET /images/json', []],
    ['GET /containers/json', []],
  ]);
  readonly #held = new Set<string>();
  #asked: Asked[] = [];
  #waiting: { readonly line: string; readonly resolve: (asked: Asked) => void }[] = [];
  #events = new PassThrough();

  /** What is answered from now on; null: 404. */
  set(line: string, body: unknown): void {
    this.#answers.set(line, body);
    this.#held.delete(line);
  }

  /** Leaves requests unanswered from now on: see asked(). */
  hold(line: string): void {
    this.#held.add(line);
  }

  /** The oldest request of this kind that was held and not handed out yet; waits for one when there is none. */
  asked(line: string): Promise<Asked> {
    const index = this.#asked.findIndex((one) => one.line === line);
    const [found] = index < 0 ? [] : this.#asked.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiting.push({ line, resolve }));
  }

  /** How often this was asked. */
  count(line: string): number {
    return this.lines.filter((one) => one === line).length;
  }

  async emit(event: WireEvent): Promise<void> {
    this.#events.write(`${JSON.stringify(event)}\n`);
    await settle();
    await settle();
  }

  /** Ends the stream of events, as an engine does that closes its connections. */
  async hangUp(): Promise<void> {
    this.#events.end();
    await settle();
    await settle();
  }

  negotiate(): Promise<WireVersion> {
    return Promise.resolve({ ApiVersion: this.apiVersion });
  }

  async json<T>(request: EngineRequest): Promise<T> {
    const body = await this.find<T>(request);
    if (body === null) throw new EngineError('status', `no such ${request.path}`, 404);
    return body;
  }

  async send(request: EngineRequest): Promise<void> {
    await this.find(request);
  }

  async find<T>({ method = 'GET', path }: EngineRequest): Promise<T | null> {
    const line = `${method} ${path}`;
    this.lines.push(line);
    const body = this.#held.has(line) ? await this.#wait(line) : (this.#answers.get(line) ?? null);
    return body as T | null;
  }

  /** Past events are those of `GET /events?until`. */
  async stream({ signal, query = {} }: EngineRequest): Promise<Readable> {
    if (query['until'] !== undefined) {
      const past = this.#answers.get(pastEvents) ?? [];
      return Readable.from((past as WireEvent[]).map((event) => `${JSON.stringify(event)}\n`));
    }
    const events = new PassThrough();
    signal.addEventListener('abort', () => events.end(), { once: true });
    this.#events = events;
    return events;
  }

  close(): void {
    // There is nothing to close.
  }

  #wait(line: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const asked: Asked = {
        line,
        answer: (body) => {
          resolve(body);
          return settle();
        },
        fail: (message) => {
          reject(new EngineError('lost', message));
          return settle();
        },
      };
      const index = this.#waiting.findIndex((one) => one.line === line);
      const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (waiting === undefined) this.#asked.push(asked);
      else waiting.resolve(asked);
    });
  }
}

/** What is answered to who asks for past events. */
export const pastEvents = 'GET /events?until';

export function inspectOf(id: string): string {
  return `GET /containers/${id}/json`;
}

/** `inspect` of a container of the fleet `test`. */
export function wireContainer(id: string, state: 'created' | 'running' | 'exited'): WireContainer {
  return {
    Id: id,
    Name: `/${id}`,
    Config: { Labels: { [label.fleet]: 'test', [label.self]: id } },
    State: { Status: state, Running: state === 'running' },
  };
}

/** The same as a row of the list. */
export function wireRow(id: string): object {
  return { Id: id, Names: [`/${id}`], Labels: { [label.fleet]: 'test' } };
}
