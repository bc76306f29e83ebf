import { unreachable } from './reach.ts';
import type { TransportLimits } from './transport.ts';

/** Ends an answer when nothing moves, when all of it takes too long, or when the caller no longer wants it. */
export class Deadlines {
  /** Why it was ended; undefined while it was not. */
  reason: unknown;
  /** Rejects when it is ended: whoever waits for something that may never come waits for this as well. */
  readonly ended: Promise<never>;
  readonly #signal: AbortSignal;
  readonly #total: NodeJS.Timeout;
  readonly #idle: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#end(this.#signal.reason);
  readonly #onEnd: (reason: unknown) => void;
  #reject: (reason: unknown) => void = () => {};

  /** @param host the server, as messages name it */
  constructor(
    { idleTimeoutMs, totalTimeoutMs }: TransportLimits,
    host: string,
    signal: AbortSignal,
    onEnd: (reason: unknown) => void,
  ) {
    this.#signal = signal;
    this.#onEnd = onEnd;
    this.ended = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    // Nobody need be waiting.
    this.ended.catch(() => {});
    const give = (what: string): void => this.#end(unreachable(host, what));
    this.#total = setTimeout(
      () => give(`the answer was not complete within ${totalTimeoutMs / 1000} s`),
      totalTimeoutMs,
    );
    this.#idle = setTimeout(
      () => give(`the server sent nothing for ${idleTimeoutMs / 1000} s`),
      idleTimeoutMs,
    );
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Something moved. */
  touch(): void {
    this.#idle.refresh();
  }

  clear(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#idle);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  #end(reason: unknown): void {
    this.reason = reason;
    this.#reject(reason);
    this.#onEnd(reason);
  }
}
