import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Endpoint } from './availability.ts';

const clients = 4;
const pauseMs = 10;

/**
 * Sends requests all the while, each over a connection of its own, to the instances in turn, as a load balancer does that
 * asks them for their readiness. Disposing of it ends it.
 */
export class RequestLoad implements AsyncDisposable {
  readonly #ready: () => readonly Endpoint[];
  readonly #loops: readonly Promise<void>[];
  readonly #failed: string[] = [];
  #answered = 0;
  #turn = 0;
  #stopped = false;

  /** @param ready where requests may be sent to at the moment */
  constructor(ready: () => readonly Endpoint[]) {
    this.#ready = ready;
    this.#loops = Array.from({ length: clients }, () => this.#send());
  }

  get answered(): number {
    return this.#answered;
  }

  /** Where requests failed, and how. */
  get failed(): readonly string[] {
    return this.#failed;
  }

  async #send(): Promise<void> {
    while (!this.#stopped) {
      const ready = this.#ready();
      const endpoint = ready[this.#turn++ % ready.length];
      const problem = endpoint === undefined ? 'nobody is ready' : await problemOf(endpoint);
      if (problem === null) this.#answered += 1;
      else this.#failed.push(problem);
      await sleep(pauseMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }
}

function problemOf(endpoint: Endpoint): Promise<string | null> {
  return new Promise((resolve) => {
    const fail = (reason: string): void => resolve(`${endpoint.host}:${endpoint.port}: ${reason}`);
    const call = request({ ...endpoint, path: '/', agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      response.on('error', ({ message }) => fail(message));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(null);
        else fail(`status ${response.statusCode}`);
      });
    });
    call.on('error', ({ message }) => fail(message));
    call.on('timeout', () => call.destroy(new Error('no answer within 5 s')));
    call.end();
  });
}
