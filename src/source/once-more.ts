import type { Clock } from '../model/clock.ts';
import { TransientError } from '../model/errors.ts';

/** A failure that took longer is one of a server that does not answer: to ask that again only doubles the wait. */
const atOnceMs = 1_000;

/**
 * Asks a second time, at once, when the answer failed at once. A head takes several answers in a row: without that, a server
 * that fails each third of them would never be followed, however often it is asked.
 *
 * @param ask must be safe to repeat
 */
export async function askOnceMore<T>(
  clock: Clock,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  const began = clock.now();
  try {
    return await ask();
  } catch (error) {
    const isQuick = clock.now() - began < atOnceMs;
    const isWorthIt = error instanceof TransientError && error.reason !== 'RateLimited';
    if (signal.aborted || !isQuick || !isWorthIt) throw error;
    return ask();
  }
}
