import { setMaxListeners } from 'node:events';

/**
 * Runs tasks side by side. When one fails, the others are aborted, and the failure is thrown only after all have ended:
 * then nothing of them goes on behind the back of whoever cleans up.
 */
export async function together<T>(
  signal: AbortSignal | undefined,
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
): Promise<T[]> {
  const failure = new AbortController();
  const either = AbortSignal.any([failure.signal, ...(signal === undefined ? [] : [signal])]);
  // Each task listens, and Node takes more than ten listeners for a leak.
  setMaxListeners(0, either);
  const results = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        return await task(either);
      } catch (error) {
        failure.abort(error);
        throw error;
      }
    }),
  );
  failure.signal.throwIfAborted();
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
