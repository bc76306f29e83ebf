import { setMaxListeners } from 'node:events';

import type { Clock } from '../model/clock.ts';
import { EngineError } from './engine-error.ts';

/** How long something may take, and what it is, for the message when it takes longer. */
export interface Deadline {
  readonly what: string;
  readonly ms: number;
  readonly clock: Clock;
}

/**
 * Runs `start` and gives up on it when the deadline has passed, or when `signal` is aborted. The race is what makes it safe:
 * docker-modem never settles when a connection breaks in the middle of a response body, whatever time-outs and
 * signals it was given. The inner signal frees the socket of a request that was given up.
 *
 * @throws EngineError `lost` when the deadline passed or the signal was aborted
 */
export async function withDeadline<T>(
  { what, ms, clock }: Deadline,
  signal: AbortSignal,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new EngineError('lost', `Cannot ${what}: it was cancelled`);
  // One signal stands behind many calls on purpose: each of them listens to it and stops doing so.
  setMaxListeners(0, signal);
  const inner = new AbortController();
  setMaxListeners(0, inner.signal);
  let giveUp: (error: EngineError) => void = ignore;
  const given = new Promise<never>((_resolve, reject) => {
    giveUp = reject;
  });
  const onAbort = (): void => giveUp(new EngineError('lost', `Cannot ${what}: it was cancelled`));
  const cancel = clock.after(ms, () => {
    giveUp(new EngineError('lost', `Cannot ${what}: no answer within ${ms / 1000} s`));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([start(inner.signal), given]);
  } catch (error) {
    inner.abort();
    throw error;
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Waits `ms` milliseconds, less when the signal is aborted. Never throws. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}

/**
 * Runs `start` with a signal that is aborted when one of `signals` is, and when `start` is over. Unlike AbortSignal.any it leaves nothing behind on
 * signals that outlive the call.
 */
export async function withEither<T>(
  signals: readonly AbortSignal[],
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inner = new AbortController();
  const onAbort = (): void => inner.abort();
  setMaxListeners(0, inner.signal, ...signals);
  for (const signal of signals) {
    if (signal.aborted) inner.abort();
    signal.addEventListener('abort', onAbort, { once: true });
  }
  try {
    return await start(inner.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
    inner.abort(over);
  }
}

/** Given, so that no error with a stack is made for each call that ends as it should. */
const over = 'the call is over';

function ignore(): void {
  // Nothing to give up yet.
}
