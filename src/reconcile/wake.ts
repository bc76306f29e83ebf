/** Something to sleep on: any number of calls wake the sleeper once, and a call that comes too early is not lost. */
export class Wake {
  #called = false;
  #release: (() => void) | null = null;

  call(): void {
    this.#called = true;
    this.#release?.();
  }

  /** Sleeps until it is called, `untilMs` milliseconds have passed (null: no limit), or the signal is aborted. */
  async sleep(untilMs: number | null, signal: AbortSignal): Promise<void> {
    if (!this.#called && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer =
          untilMs === null
            ? null
            : setTimeout(resolve, Math.min(Math.max(untilMs, 0), 2 ** 31 - 1));
        this.#release = () => {
          if (timer !== null) clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', this.#release, { once: true });
      });
      if (this.#release !== null) signal.removeEventListener('abort', this.#release);
      this.#release = null;
    }
    this.#called = false;
  }
}
