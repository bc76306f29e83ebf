import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import { label } from '../../src/model/labels.ts';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { shellOf } from './sandbox.ts';

/** The machine has other things to do. */
const restMs = 20;

/** Where an instance is reached. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Counts, again and again, the instances of a service that answer their readiness path, by the ports that the engines say
 * are published. It sees the service as a load balancer would, and knows nothing of the operator.
 */
export class AvailabilityWatch implements AsyncDisposable {
  readonly #hosts: readonly HostDescription[];
  readonly #labels: readonly string[];
  readonly #loop: Promise<void>;
  #stopped = false;
  #lowest = Number.POSITIVE_INFINITY;
  #ready: readonly Endpoint[] = [];
  #samples = 0;

  constructor(hosts: readonly HostDescription[], fleet: string, service: string) {
    this.#hosts = hosts;
    this.#labels = [`${label.fleet}=${fleet}`, `${label.service}=${service}`];
    this.#loop = this.#watch();
  }

  get lowest(): number {
    return this.#lowest;
  }

  /** Where those were that answered last. */
  get ready(): readonly Endpoint[] {
    return this.#ready;
  }

  get samples(): number {
    return this.#samples;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      const count = await this.#look();
      // A container may be replaced between the list and the request, so a low count is taken a second time.
      if (count < this.#lowest)
        this.#lowest = Math.min(this.#lowest, Math.max(count, await this.#look()));
      this.#samples += 1;
      await sleep(restMs);
    }
  }

  async #look(): Promise<number> {
    const found = await Promise.all(this.#hosts.map((host) => this.#readyOn(host)));
    this.#ready = found.flat();
    return this.#ready.length;
  }

  async #readyOn(host: HostDescription): Promise<readonly Endpoint[]> {
    const filters = { label: [...this.#labels], status: ['running'] };
    const list = await shellOf(host).listContainers({ filters });
    const ports = list.flatMap(
      ({ Ports }) => Ports.find(({ PrivatePort }) => PrivatePort === 8080) ?? [],
    );
    const answers = await Promise.all(
      ports.map(async ({ PublicPort: port }) => {
        const endpoint = { host: host.address, port };
        return (await answers200(endpoint)) ? [endpoint] : [];
      }),
    );
    return answers.flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }
}

function answers200(endpoint: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      { ...endpoint, path: '/ready', agent: false, timeout: 1_000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    call.on('error', () => resolve(false));
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.end();
  });
}
