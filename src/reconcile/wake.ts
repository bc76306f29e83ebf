import type { Clock } from '../model/clock.ts';

/**
 * Something to sleep on: any number of calls wake the sleeper once, and a call that comes too early is not lost. What calls
 * comes in bursts (a step has ended, and the host looks different), so the sleeper gets up when a burst is over.
 */
export class Wake {
  readonly #clock: Clock;
  #called = false;
  #release: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  call(): void {
    this.#called = true;
    this.#release?.();
  }

  /** Sleeps until it is called, `untilMs` milliseconds have passed (null: no limit), or the signal is aborted. */
  async sleep(untilMs: number | null, signal: AbortSignal): Promise<void> {
    if (!this.#called && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = untilMs === null ? null : this.#clock.after(untilMs, resolve);
        this.#release = () => {
          cancel?.();
          resolve();
        };
        signal.addEventListener('abort', this.#release, { once: true });
      });
      if (this.#release !== null) signal.removeEventListener('abort', this.#release);
      this.#release = null;
    }
    if (!signal.aborted) await this.#turn();
    this.#called = false;
  }

  /** Lets everything happen that is about to. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(0, resolve);
    });
  }
}
