import { messageOf, StalledError, TransientError } from '../model/errors.ts';

/** Passes our own errors and a cancellation on; anything else that Git reading threw is named as what it is. */
export function asSourceError(error: unknown, doing: string, signal: AbortSignal): unknown {
  if (error instanceof StalledError || error instanceof TransientError) return error;
  if (signal.aborted) return signal.reason;
  return new TransientError('GitProtocol', `Cannot ${doing}: ${messageOf(error)}`, {
    cause: error,
  });
}
