import { Readable } from 'node:stream';

import type { Process } from './process.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** The answer to `GET /events`: JSON lines in their order, for as long as the connection lives. */
export class EventStream extends Readable {
  readonly #process: Process;
  readonly #host: SimulatedHost;
  readonly #unsubscribe: () => void;
  readonly #boots: number;
  /** When the last line arrives: TCP keeps the order. */
  #arrivesAt = 0;

  constructor(process: Process, host: SimulatedHost, signal: AbortSignal) {
    super({ read: () => {} });
    this.#process = process;
    this.#host = host;
    this.#boots = host.boots;
    // Whoever gave up on it does not want to hear how it ended.
    this.on('error', () => {});
    const broken = (): void => void this.destroy(new Error('the connection broke'));
    this.#unsubscribe = host.follow({
      onEvent: (event) => this.#send(`${JSON.stringify(event)}\n`),
      boots: host.boots,
      onClosed: () => this.#arrive(broken),
      onGivenUp: () => process.deliver(broken),
    });
    const end = (): void => void this.destroy(new Error('aborted'));
    signal.addEventListener('abort', end, { once: true });
    this.once('close', () => {
      this.#unsubscribe();
      signal.removeEventListener('abort', end);
    });
    if (signal.aborted) end();
  }

  #send(line: string): void {
    if (!this.#process.isAlive) return this.#unsubscribe();
    if (this.#host.link.losesEvent()) return;
    this.#arrive(() => void this.push(line));
  }

  /** In order, after what was sent before, and not while the way is cut. */
  #arrive(then: () => void): void {
    const { clock, link } = this.#host;
    this.#arrivesAt = Math.max(this.#arrivesAt, clock.now() + link.eventLatency());
    clock.after(this.#arrivesAt - clock.now(), () => {
      link.whenFree(() => {
        if (this.#host.boots !== this.#boots) return;
        this.#process.deliver(() => {
          if (!this.destroyed) then();
        });
      });
    });
  }
}
