import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import type { ManifestSource } from '../manifest/find.ts';
import { newSources } from '../manifest/load.ts';
import type { LoadedPart } from '../manifest/load-part.ts';
import type { Variables } from '../manifest/load-source.ts';
import type { ManifestInput, TooLarge } from '../manifest/manifest.ts';
import type { ParseCache } from '../manifest/parse-cache.ts';

/** What all parts share. */
export interface SharedInput {
  readonly input: Omit<ManifestInput, 'contents'>;
  readonly variables: Variables;
}

export interface PartMessage {
  readonly sources: readonly ManifestSource[];
  readonly contents: ReadonlyMap<string, Uint8Array | TooLarge>;
}

type ReadFile = (path: string) => Promise<Uint8Array | TooLarge>;

/** From how many new manifests on it pays to start threads for them. */
const worthwhile = 500;
/** A part keeps a thread busy for a moment, and the thread that collects them for less. */
const partSize = 100;
const maxThreads = 4;
/** Most of what a load makes is garbage soon: a young generation with room for it spares a tenth of the time. */
const resourceLimits = { maxYoungGenerationSizeMb: 32 };
const threadFile = new URL('load-worker.js', import.meta.url);

/**
 * Loads many new manifests on all processors, into the cache; the threads are gone afterwards. It changes how long a load
 * takes and whether this thread can do other things meanwhile, never what comes out. Sources that were not compiled are
 * loaded without threads, which cannot run them.
 *
 * @param read reads a file of the commit that the manifests turn out to need
 * @throws what `read` throws
 */
export async function loadAhead(
  input: ManifestInput,
  read: ReadFile,
  cache: ParseCache,
): Promise<void> {
  if (input.contents.size < worthwhile || !existsSync(threadFile)) return;
  const found = newSources(input, cache);
  if (found === null || found.sources.length < worthwhile) return;
  const { contents, ...rest } = input;
  const shared: SharedInput = { input: rest, variables: found.variables };
  const parts = partsOf(found.sources);
  const threads = Math.min(availableParallelism(), maxThreads);
  const running = Array.from({ length: threads }, async () => {
    const worker = new Worker(threadFile, { workerData: shared, resourceLimits });
    const ended = endOf(worker);
    try {
      for (const part of parts) await loadIn({ worker, ended }, part, contents, read, cache);
    } finally {
      await worker.terminate();
    }
  });
  await Promise.all(running);
}

interface Thread {
  readonly worker: Worker;
  readonly ended: Promise<null>;
}

/** A thread that cannot run does nothing, and what it leaves is loaded by the one who asked. */
async function endOf(worker: Worker): Promise<null> {
  worker.on('error', () => {});
  await once(worker, 'exit');
  return null;
}

function* partsOf(sources: readonly ManifestSource[]): Generator<readonly ManifestSource[]> {
  for (let start = 0; start < sources.length; start += partSize) {
    yield sources.slice(start, start + partSize);
  }
}

/** Feeds a thread with the files that it asks for, until the part is done. */
async function loadIn(
  { worker, ended }: Thread,
  part: readonly ManifestSource[],
  known: ManifestInput['contents'],
  read: ReadFile,
  cache: ParseCache,
): Promise<void> {
  const contents = new Map<string, Uint8Array | TooLarge>();
  let missing = part.flatMap(({ file, overrides }) => [file, ...overrides]);
  for (let sources = part; missing.length > 0;) {
    for (const path of missing) contents.set(path, known.get(path) ?? (await read(path)));
    const loaded = await Promise.race([ask(worker, { sources, contents }), ended]);
    if (loaded === null) return;
    const { kept, open, needed } = loaded;
    for (const [key, entry] of kept) cache.set(key, entry);
    missing = needed.filter((file) => !contents.has(file));
    sources = open;
  }
}

function ask(worker: Worker, message: PartMessage): Promise<LoadedPart> {
  return new Promise((resolve) => {
    worker.once('message', resolve);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(message);
  });
}
