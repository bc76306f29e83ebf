import type { DesiredState } from '../model/desired.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Revision } from '../model/revision.ts';
import { StalledError } from '../model/errors.ts';
import type { InstallationKey } from '../model/sealed.ts';
import type { ParseCache } from '../manifest/load.ts';
import { loadManifests } from '../manifest/load.ts';
import type { LoadedManifests, ManifestInput, TooLarge } from '../manifest/manifest.ts';
import { loadAhead } from './load-ahead.ts';
import { maxFileBytes } from '../manifest/manifest.ts';
import type { SourceTree } from '../source/source-tree.ts';
import type { Source } from '../source/source.ts';

/** A commit as read: either whole and valid, or with what is wrong with it. */
export type LoadedRevision =
  | {
      readonly kind: 'valid';
      readonly desired: DesiredState;
      readonly diagnostics: readonly Diagnostic[];
    }
  | {
      readonly kind: 'invalid';
      readonly revision: Revision;
      readonly diagnostics: readonly Diagnostic[];
    };

/** How commits are read, the same for all of one repository. */
export interface Reading {
  /** The followed path. */
  readonly path: string;
  /** Secrets are sealed with it. */
  readonly key: InstallationKey;
  readonly cache: ParseCache;
}

/**
 * Reads the manifests of a commit: only the files that they need, blob by blob, nothing is checked out.
 *
 * @throws StalledError, TransientError as the source does
 */
export async function loadRevision(
  source: Source,
  revision: Revision,
  reading: Reading,
  signal: AbortSignal,
): Promise<LoadedRevision> {
  const tree = await source.tree(revision.commit, signal);
  const { fleet, applications, diagnostics } = await loadTree(source, tree, reading, signal);
  const isValid = diagnostics.every(({ severity }) => severity !== 'error');
  if (fleet === null || !isValid) return { kind: 'invalid', revision, diagnostics };
  return { kind: 'valid', desired: { revision, fleet, applications }, diagnostics };
}

/** Reads the manifests of a tree, whether they are valid or not; its blobs must be readable, but it need be no commit's. */
export async function loadTree(
  source: Pick<Source, 'read'>,
  tree: SourceTree,
  { path, key, cache }: Reading,
  signal: AbortSignal,
): Promise<LoadedManifests> {
  const read = async (file: string): Promise<Uint8Array | TooLarge> => {
    const entry = tree.entries.get(file);
    if (entry === undefined) throw new Error(`Cannot read "${file}": it is not in the commit`);
    return readBlob(source, entry.oid, signal);
  };
  return loadAll({ entries: tree.entries, root: path, key, fleetRequired: true }, read, cache);
}

async function readBlob(
  source: Pick<Source, 'read'>,
  oid: string,
  signal: AbortSignal,
): Promise<Uint8Array | TooLarge> {
  try {
    return await source.read(oid, maxFileBytes, signal);
  } catch (error) {
    if (error instanceof StalledError && error.reason === 'BlobTooLarge') {
      return { kind: 'too-large', limit: maxFileBytes };
    }
    throw error;
  }
}

/** Feeds the manifest room with the files that it asks for, until it has what it needs. */
export async function loadAll(
  input: Omit<ManifestInput, 'contents'>,
  read: (path: string) => Promise<Uint8Array | TooLarge>,
  cache: ParseCache,
): Promise<LoadedManifests> {
  const contents = new Map<string, Uint8Array | TooLarge>();
  for (;;) {
    const result = loadManifests({ ...input, contents }, cache);
    if (result.kind === 'loaded') return result;
    const missing = result.paths.filter((path) => !contents.has(path));
    if (missing.length === 0) throw new Error('The manifest room asks for files that it has');
    for (const path of missing) contents.set(path, await read(path));
    await loadAhead({ ...input, contents }, read, cache);
  }
}
