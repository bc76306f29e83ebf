import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';

import { indexPack, packLimits } from './index-pack.ts';
import { runPackThread } from './pack-thread.ts';

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
  return runPackThread(threadFile, base, signal);
}

export async function indexHere(base: string): Promise<void> {
  const pack = await readFile(`${base}.pack`);
  await writeFile(`${base}.idx`, indexPack(pack, packLimits));
}
