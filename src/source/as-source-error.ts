import { messageOf, StalledError, TransientError } from '../model/errors.ts';

/** Passes our own errors and a cancellation on; anything else that Git reading threw is named as what it is. */
export function asSourceError(error: unknown, doing: string, signal: AbortSignal): unknown {
  if (error instanceof StalledError || error instanceof TransientError) return error;
  if (signal.aborted) return signal.reason;
  const message = `Cannot ${doing}: ${gitMessageOf(error)}`;
  return new TransientError('GitProtocol', message, { cause: error });
}

/** What isomorphic-git has to say, without the page of advice that it wraps around its internal errors. */
export function gitMessageOf(error: unknown): string {
  const data: unknown = error instanceof Error && 'data' in error ? error.data : undefined;
  const isWrapped = typeof data === 'object' && data !== null && 'message' in data;
  return isWrapped ? String(data.message) : messageOf(error);
}
