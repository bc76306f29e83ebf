import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import { label } from '../../src/model/labels.ts';
import { request } from 'node:http';
import { shellOf } from './sandbox.ts';

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
  #samples = 0;

  constructor(hosts: readonly HostDescription[], fleet: string, service: string) {
    this.#hosts = hosts;
    this.#labels = [`${label.fleet}=${fleet}`, `${label.service}=${service}`];
    this.#loop = this.#watch();
  }

  get lowest(): number {
    return this.#lowest;
  }

  get samples(): number {
    return this.#samples;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      const counts = await Promise.all(this.#hosts.map((host) => this.#countOn(host)));
      // A container may be replaced between the list and the request, so a low count is taken a second time.
      const count = sum(counts);
      if (count < this.#lowest) {
        const again = await Promise.all(this.#hosts.map((host) => this.#countOn(host)));
        this.#lowest = Math.min(this.#lowest, Math.max(count, sum(again)));
      }
      this.#samples += 1;
    }
  }

  async #countOn(host: HostDescription): Promise<number> {
    const filters = { label: [...this.#labels], status: ['running'] };
    const list = await shellOf(host).listContainers({ filters });
    const ports = list.flatMap(
      ({ Ports }) => Ports.find(({ PrivatePort }) => PrivatePort === 8080) ?? [],
    );
    const answers = await Promise.all(
      ports.map(({ PublicPort }) => answers200(host.address, PublicPort)),
    );
    return answers.filter(Boolean).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function answers200(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      { host, port, path: '/ready', agent: false, timeout: 1_000 },
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
