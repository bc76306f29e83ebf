import { createFileAccess } from './file-access.ts';
import type { ManifestSource } from './find.ts';
import type { FolderIndex } from './folder-index.ts';
import { loadApplication } from './load-application.ts';
import type { LoadedApplication } from './loaded-application.ts';
import type { ManifestInput } from './manifest.ts';
import { keepApplication, recallApplication, type ParseCache } from './parse-cache.ts';

/** What the manifests of one commit have in common. */
export interface SourceContext {
  readonly input: ManifestInput;
  readonly folders: FolderIndex;
  readonly cache: ParseCache;
  /** Those of the fleet; null as long as its file has not been read. */
  readonly variables: Variables | null;
}

export interface Variables {
  readonly values: ReadonlyMap<string, string>;
  readonly digest: string;
}

export interface LoadedSource {
  /** Null when files are missing. */
  readonly application: LoadedApplication | null;
  /** Paths of the files that are missing. */
  readonly needed: ReadonlySet<string>;
}

const nothing: ReadonlySet<string> = new Set();

/** Loads one application, or takes it from the cache; one without an error is kept there. */
export function loadSource(context: SourceContext, source: ManifestSource): LoadedSource {
  const { input, folders, cache, variables } = context;
  const { file, overrides } = source;
  const kept = recallApplication(cache, input, file, overrides, folders);
  if (kept !== null && (variables === null || kept.variablesDigest === variables.digest)) {
    return { application: kept.application, needed: nothing };
  }
  const files = createFileAccess(input, folders);
  const loading = { files, cache, key: input.key };
  const application = loadApplication(source, variables?.values ?? new Map(), loading);
  if (files.needed.size > 0 || variables === null) {
    return { application: null, needed: files.needed };
  }
  if (application.spec !== null) {
    const { digest: variablesDigest } = variables;
    keepApplication(cache, file, { overrides, asked: files.asked, variablesDigest, application });
  }
  return { application, needed: nothing };
}

/** Whether a source would have to be loaded anew. */
export function isNew(
  { input, folders, cache, variables }: SourceContext,
  { file, overrides }: ManifestSource,
): boolean {
  const kept = recallApplication(cache, input, file, overrides, folders);
  return kept === null || kept.variablesDigest !== variables?.digest;
}
