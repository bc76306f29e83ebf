import type { Clock } from '../model/clock.ts';
import { pollDelayMs } from './poll-delay.ts';

export interface Poll {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Between 0 and 1. */
  readonly random: () => number;
  /** Looks once; false when it failed, which makes the next look wait longer. Must not throw. */
  readonly look: (signal: AbortSignal) => Promise<boolean>;
}

/** Looks again and again, first after one interval, until it is disposed of; disposing waits for a look under way. */
export function startPolling(poll: Poll): AsyncDisposable {
  const stop = new AbortController();
  const done = run(poll, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

async function run(poll: Poll, signal: AbortSignal): Promise<void> {
  let failures = 0;
  for (;;) {
    const delay = pollDelayMs(poll.intervalMs, failures, poll.random());
    await pause(poll.clock, delay, signal);
    if (signal.aborted) return;
    failures = (await poll.look(signal)) ? 0 : failures + 1;
    if (signal.aborted) return;
  }
}

/** Less when the signal is aborted. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
