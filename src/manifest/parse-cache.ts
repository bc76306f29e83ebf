import { folderVersion, versionOf, type FolderIndex } from './folder-index.ts';
import type { ManifestInput } from './manifest.ts';
import type { LoadedApplication } from './loaded-application.ts';
import type { ParsedYaml } from './parse-yaml.ts';

/**
 * What earlier calls have worked out, by path. Each entry knows the blob ids it was made from, so an entry is never
 * wrong, only useless. The caller owns it and may drop anything at any time; a `Map` will do.
 */
export interface ParseCache {
  get(key: string): CacheEntry | undefined;
  set(key: string, entry: CacheEntry): unknown;
  delete(key: string): unknown;
}

export type CacheEntry = CachedDocuments | CachedApplication;

interface CachedDocuments {
  readonly kind: 'documents';
  readonly oid: string;
  readonly yaml: ParsedYaml;
}

/** A valid application, which depends on nothing but its files, the variables of the fleet, and for overrides its hosts. */
interface CachedApplication {
  readonly kind: 'application';
  readonly overrides: readonly string[];
  /** Versions by path of all files and folders that were asked for; empty for those that did not exist. */
  readonly asked: ReadonlyMap<string, string>;
  readonly variablesDigest: string;
  /** Null: whatever hosts there are, it is the same. */
  readonly hostsDigest: string | null;
  readonly application: LoadedApplication;
}

export type KeptApplication = Pick<
  CachedApplication,
  'application' | 'variablesDigest' | 'hostsDigest'
>;

export function recallDocuments(cache: ParseCache, path: string, oid: string): ParsedYaml | null {
  const entry = cache.get(`documents ${path}`);
  return entry?.kind === 'documents' && entry.oid === oid ? entry.yaml : null;
}

export function keepDocuments(
  cache: ParseCache,
  path: string,
  oid: string,
  yaml: ParsedYaml,
): void {
  cache.set(`documents ${path}`, { kind: 'documents', oid, yaml });
}

/** The application of a manifest, when none of its files has changed. */
export function recallApplication(
  cache: ParseCache,
  input: ManifestInput,
  file: string,
  overrides: readonly string[],
  folders: FolderIndex,
): KeptApplication | null {
  const entry = cache.get(`application ${file}`);
  if (entry?.kind !== 'application') return null;
  const fresh =
    entry.overrides.join('\n') === overrides.join('\n') &&
    [...entry.asked].every(([path, version]) =>
      path.endsWith('/')
        ? folderVersion(folders(path.slice(0, -1))) === version
        : versionOf(input.entries.get(path)) === version,
    );
  return fresh ? entry : null;
}

/** Keeps an application instead of its own documents; those that it includes or extends may serve others too. */
export function keepApplication(
  cache: ParseCache,
  file: string,
  entry: Omit<CachedApplication, 'kind'>,
): void {
  for (const path of [file, ...entry.overrides]) cache.delete(`documents ${path}`);
  cache.set(`application ${file}`, { kind: 'application', ...entry });
}
