import type { ManifestSource } from './find.ts';
import type { FolderIndex } from './folder-index.ts';
import { loadSource, type FleetFacts } from './load-source.ts';
import type { ManifestInput } from './manifest.ts';
import type { CacheEntry } from './parse-cache.ts';

/** Some of the manifests of a commit, as data that can be sent to another thread. */
export interface ManifestPart {
  readonly input: ManifestInput;
  readonly sources: readonly ManifestSource[];
  readonly fleet: FleetFacts;
}

export interface LoadedPart {
  /** What belongs into the cache, by key. What has an error does not. */
  readonly kept: readonly (readonly [string, CacheEntry])[];
  /** Those that more files are needed for. */
  readonly open: readonly ManifestSource[];
  /** Paths of these files. */
  readonly needed: readonly string[];
}

export interface PartMemory {
  /** What earlier calls have read of the same part; what is kept is taken out of it. */
  readonly cache: Map<string, CacheEntry>;
  /** Of the entries of the commit. */
  readonly folders: FolderIndex;
}

/** Loads some manifests. */
export function loadPart(part: ManifestPart, { cache, folders }: PartMemory): LoadedPart {
  const { input, sources, fleet } = part;
  const context = { input, folders, cache, fleet };
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

/** What was loaded in several goes, as one. */
export function joinParts(parts: readonly LoadedPart[]): LoadedPart {
  return {
    kept: parts.flatMap(({ kept }) => kept),
    open: parts.flatMap(({ open }) => open),
    needed: [...new Set(parts.flatMap(({ needed }) => needed))].toSorted(),
  };
}
