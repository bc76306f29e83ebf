import { existsSync } from 'node:fs';

import { joinPacks } from './join-packs.ts';
import { runPackThread } from './pack-thread.ts';

export interface JoinTask {
  /** Paths of the packs without `.pack` and `.idx`. */
  readonly bases: readonly string[];
  /** Where the new files go. */
  readonly folder: string;
}

/** To join less takes less time than to start a thread. */
const worthwhileBytes = 1024 ** 2;
const threadFile = new URL('join-worker.js', import.meta.url);

/**
 * Joins packs, in a thread when there is much to copy; sources that were not compiled do without.
 *
 * @throws Error when a pack cannot be read or is damaged
 */
export async function writeJoinedPack(
  task: JoinTask,
  bytes: number,
  signal: AbortSignal,
): Promise<void> {
  if (bytes < worthwhileBytes || !existsSync(threadFile)) {
    return joinPacks(task.bases, task.folder);
  }
  return runPackThread(threadFile, task, signal);
}
