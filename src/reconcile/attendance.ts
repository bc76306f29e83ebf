import type { Clock } from '../model/clock.ts';

const beatMs = 5_000;
/** A busy machine is late by seconds; a process that was stopped, or a host that slept, by more. */
const lateMs = 15_000;

/** Knows since when this process has been awake without a break. */
export class Attendance implements Disposable {
  readonly #clock: Clock;
  #since: number;
  #beatAt: number;
  #cancel: () => void;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#beatAt = this.#since;
    this.#cancel = clock.after(beatMs, this.#beat);
  }

  /** Milliseconds since the epoch. */
  since(): number {
    this.#look();
    return this.#since;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  readonly #beat = (): void => {
    this.#look();
    this.#cancel = this.#clock.after(beatMs, this.#beat);
  };

  #look(): void {
    const now = this.#clock.now();
    if (now - this.#beatAt > beatMs + lateMs) this.#since = now;
    this.#beatAt = now;
  }
}
