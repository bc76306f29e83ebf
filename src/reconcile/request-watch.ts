import type { Clock } from '../model/clock.ts';
import type { Journal } from '../journal/journal.ts';

const intervalMs = 1_000;

/** Looks into the journal once a second, and calls back when somebody has asked for something new. */
export class RequestWatch implements Disposable {
  readonly #journal: Pick<Journal, 'requests'>;
  readonly #clock: Clock;
  readonly #onNew: () => void;
  #newest = 0;
  #cancel: () => void;

  constructor(journal: Pick<Journal, 'requests'>, clock: Clock, onNew: () => void) {
    this.#journal = journal;
    this.#clock = clock;
    this.#onNew = onNew;
    this.#cancel = clock.after(intervalMs, this.#look);
  }

  readonly #look = (): void => {
    this.#cancel = this.#clock.after(intervalMs, this.#look);
    if (this.#hasNew()) this.#onNew();
  };

  /** What cannot be read now is left to the pass, which says what is wrong. */
  #hasNew(): boolean {
    try {
      const newest = this.#journal.requests().at(-1)?.id ?? 0;
      const isNew = newest > this.#newest;
      this.#newest = Math.max(newest, this.#newest);
      return isNew;
    } catch {
      return true;
    }
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }
}
