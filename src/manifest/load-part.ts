import type { ManifestSource } from './find.ts';
import { indexFolders } from './folder-index.ts';
import { loadSource, type Variables } from './load-source.ts';
import type { ManifestInput } from './manifest.ts';
import type { CacheEntry } from './parse-cache.ts';

/** Some of the manifests of a commit, as data that can be sent to another thread. */
export interface ManifestPart {
  readonly input: ManifestInput;
  readonly sources: readonly ManifestSource[];
  readonly variables: Variables;
}

export interface LoadedPart {
  /** What belongs into the cache, by key. What has an error does not. */
  readonly kept: readonly (readonly [string, CacheEntry])[];
  /** Those that more files are needed for. */
  readonly open: readonly ManifestSource[];
  /** Paths of these files. */
  readonly needed: readonly string[];
}

/**
 * Loads some manifests.
 *
 * @param cache what earlier calls have read of the same part; what is kept is taken out of it
 */
export function loadPart(part: ManifestPart, cache: Map<string, CacheEntry>): LoadedPart {
  const { input, sources, variables } = part;
  const context = { input, folders: indexFolders(input.entries), cache, variables };
  const loaded = sources.map((source) => ({
    source,
    needed: loadSource(context, source).needed,
  }));
  const kept = [...cache].filter(([, { kind }]) => kind === 'application');
  for (const [key] of kept) cache.delete(key);
  const needed = new Set(loaded.flatMap((one) => [...one.needed]));
  const open = loaded.filter((one) => one.needed.size > 0).map(({ source }) => source);
  return { kept, open, needed: [...needed].toSorted() };
}
