/** Loads the parts of a commit's manifests that it is sent, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';

import { indexFolders } from '../manifest/folder-index.ts';
import { loadPart } from '../manifest/load-part.ts';
import type { CacheEntry } from '../manifest/parse-cache.ts';
import type { PartMessage, SharedInput } from './load-ahead.ts';

const { input, fleet } = workerData as SharedInput;
const memory = { cache: new Map<string, CacheEntry>(), folders: indexFolders(input.entries) };

parentPort?.on('message', ({ sources, contents }: PartMessage) => {
  const answer = loadPart({ input: { ...input, contents }, sources, fleet }, memory);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer);
});
