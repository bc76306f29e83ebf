import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { indexFolders } from '../manifest/folder-index.ts';
import type { ManifestSource } from '../manifest/find.ts';
import { newSources } from '../manifest/load.ts';
import { joinParts, loadPart, type LoadedPart } from '../manifest/load-part.ts';
import type { FleetFacts } from '../manifest/load-source.ts';
import type { ManifestInput, TooLarge } from '../manifest/manifest.ts';
import type { CacheEntry, ParseCache } from '../manifest/parse-cache.ts';

/** What all parts share. */
export interface SharedInput {
  readonly input: Omit<ManifestInput, 'contents'>;
  readonly fleet: FleetFacts;
}

export interface PartMessage {
  readonly sources: readonly ManifestSource[];
  readonly contents: ReadonlyMap<string, Uint8Array | TooLarge>;
}

type ReadFile = (path: string) => Promise<Uint8Array | TooLarge>;

/** From how many new manifests on it pays to start threads for them. */
const worthwhile = 500;
/** A part keeps a thread busy for a moment, and the thread that collects them for less; in the end one waits for another's. */
const partSize = 40;
/** Manifests that this thread loads in one go: other work waits for some milliseconds at most. */
const sliceSize = 5;
const maxThreads = 4;
/** Most of what a load makes is garbage soon: a young generation with room for it spares a tenth of the time. */
const resourceLimits = { maxYoungGenerationSizeMb: 32 };
const threadFile = new URL('load-worker.js', import.meta.url);

/**
 * Loads many new manifests on all processors, into the cache; the threads are gone afterwards. This thread takes its share
 * and does other things in between. It changes how long a load takes and whether other work can be done meanwhile, never
 * what comes out. Sources that were not compiled are loaded without threads, which cannot run them.
 *
 * @param read reads a file of the commit that the manifests turn out to need
 * @throws what `read` throws
 */
export async function loadAhead(
  input: ManifestInput,
  read: ReadFile,
  cache: ParseCache,
): Promise<void> {
  if (input.contents.size < worthwhile) return;
  const found = newSources(input, cache);
  if (found === null || found.sources.length < worthwhile) return;
  const { contents: known, ...rest } = input;
  const shared: SharedInput = { input: rest, fleet: found.fleet };
  const work: Work = { parts: partsOf(found.sources), known, read, cache };
  const threads = existsSync(threadFile) ? Math.min(availableParallelism(), maxThreads) - 1 : 0;
  await Promise.all([
    loadParts(work, loaderOf(shared)),
    ...Array.from({ length: threads }, () => loadInThread(work, shared)),
  ]);
}

/** What is shared by all that load. */
interface Work {
  readonly parts: Iterable<readonly ManifestSource[]>;
  readonly known: ManifestInput['contents'];
  readonly read: ReadFile;
  readonly cache: ParseCache;
}

/** Loads some manifests; null when it cannot any more. */
type Loader = (message: PartMessage) => Promise<LoadedPart | null>;

function* partsOf(sources: readonly ManifestSource[]): Generator<readonly ManifestSource[]> {
  for (let start = 0; start < sources.length; start += partSize) {
    yield sources.slice(start, start + partSize);
  }
}

/** The thread has the next part at hand when it is done with one: this thread may be busy with its own. */
async function loadInThread(work: Work, shared: SharedInput): Promise<void> {
  const worker = new Worker(threadFile, { workerData: shared, resourceLimits });
  const ended = endOf(worker);
  const answers: ((answer: LoadedPart) => void)[] = [];
  worker.on('message', (answer: LoadedPart) => answers.shift()?.(answer));
  const ask: Loader = (message) => {
    const answered = new Promise<LoadedPart>((resolve) => {
      answers.push(resolve);
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(message);
    return Promise.race([answered, ended]);
  };
  try {
    await Promise.all([loadParts(work, ask), loadParts(work, ask)]);
  } finally {
    await worker.terminate();
  }
}

/** A thread that cannot run does nothing, and what it leaves is loaded by the one who asked. */
async function endOf(worker: Worker): Promise<null> {
  worker.on('error', () => {});
  await once(worker, 'exit');
  return null;
}

/** Loads in this thread. */
function loaderOf({ input, fleet }: SharedInput): Loader {
  const memory = { cache: new Map<string, CacheEntry>(), folders: indexFolders(input.entries) };
  return async ({ sources, contents }) => {
    const slices: LoadedPart[] = [];
    for (let start = 0; start < sources.length; start += sliceSize) {
      const slice = sources.slice(start, start + sliceSize);
      slices.push(loadPart({ input: { ...input, contents }, sources: slice, fleet }, memory));
      await setImmediate();
    }
    return joinParts(slices);
  };
}

/** Takes parts from the work until there are none left, or the loader cannot go on. */
async function loadParts({ parts, known, read, cache }: Work, load: Loader): Promise<void> {
  for (const part of parts) {
    const contents = new Map<string, Uint8Array | TooLarge>();
    let missing = part.flatMap(({ file, overrides }) => [file, ...overrides]);
    for (let sources = part; missing.length > 0;) {
      for (const path of missing) contents.set(path, known.get(path) ?? (await read(path)));
      const loaded = await load({ sources, contents });
      if (loaded === null) return;
      for (const [key, entry] of loaded.kept) cache.set(key, entry);
      missing = loaded.needed.filter((file) => !contents.has(file));
      sources = loaded.open;
    }
  }
}
