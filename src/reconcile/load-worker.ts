/** Loads the parts of a commit's manifests that it is sent, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';

import { loadPart } from '../manifest/load-part.ts';
import type { CacheEntry } from '../manifest/parse-cache.ts';
import type { PartMessage, SharedInput } from './load-ahead.ts';

const { input, variables } = workerData as SharedInput;
const cache = new Map<string, CacheEntry>();

parentPort?.on('message', ({ sources, contents }: PartMessage) => {
  const answer = loadPart({ input: { ...input, contents }, sources, variables }, cache);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer);
});
