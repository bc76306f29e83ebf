import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

import { indexPack, packLimits } from './index-pack.ts';

/** To index less takes less time than to start a thread. */
const worthwhileBytes = 1024 ** 2;
const threadFile = new URL('index-worker.js', import.meta.url);

/**
 * Checks every object of a pack and writes its index beside it. A large one is looked at by a thread, since it takes seconds;
 * sources that were not compiled do without, which threads cannot run.
 *
 * @param base path of the pack without `.pack`
 * @throws Error when the pack is cut, damaged, incomplete or too large
 */
export async function writePackIndex(base: string, signal: AbortSignal): Promise<void> {
  const { size } = await stat(`${base}.pack`);
  if (size < worthwhileBytes || !existsSync(threadFile)) return indexHere(base);
  const worker = new Worker(threadFile, { workerData: base });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const problem = await new Promise<string | null>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that indexes a pack has ended')));
    });
    if (problem !== null) throw new Error(problem);
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
    signal.throwIfAborted();
  }
}

export async function indexHere(base: string): Promise<void> {
  const pack = await readFile(`${base}.pack`);
  await writeFile(`${base}.idx`, indexPack(pack, packLimits));
}
