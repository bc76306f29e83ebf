import { Worker } from 'node:worker_threads';

/**
 * Runs a thread that answers with what is wrong, or null, and ends it when the signal says so.
 *
 * @throws Error with what is wrong
 */
export async function runPackThread(file: URL, task: unknown, signal: AbortSignal): Promise<void> {
  const worker = new Worker(file, { workerData: task });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const problem = await new Promise<string | null>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that works on a pack has ended')));
    });
    if (problem !== null) throw new Error(problem);
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
    signal.throwIfAborted();
  }
}
