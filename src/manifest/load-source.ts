import { createFileAccess } from './file-access.ts';
import type { ManifestSource } from './find.ts';
import type { FolderIndex } from './folder-index.ts';
import { loadApplication } from './load-application.ts';
import type { LoadedApplication } from './loaded-application.ts';
import type { ManifestInput } from './manifest.ts';
import {
  keepApplication,
  recallApplication,
  type KeptApplication,
  type ParseCache,
} from './parse-cache.ts';
import type { FleetHosts } from './rules/overrides.ts';

/** What the manifests of one commit have in common. */
export interface SourceContext {
  readonly input: ManifestInput;
  readonly folders: FolderIndex;
  readonly cache: ParseCache;
  /** Null as long as its file has not been read. */
  readonly fleet: FleetFacts | null;
}

/** What manifests take from the fleet, with digests of it. */
export interface FleetFacts {
  readonly variables: ReadonlyMap<string, string>;
  readonly variablesDigest: string;
  /** Null: not known, since the file is missing or invalid. */
  readonly hosts: FleetHosts | null;
  readonly hostsDigest: string;
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
  const { input, folders, cache, fleet } = context;
  const { file, overrides } = source;
  const kept = recallApplication(cache, input, file, overrides, folders);
  if (kept !== null && (fleet === null || isOfFleet(kept, fleet))) {
    return { application: kept.application, needed: nothing };
  }
  const files = createFileAccess(input, folders);
  const loading = { files, cache, key: input.key, hosts: fleet?.hosts ?? null };
  const application = loadApplication(source, fleet?.variables ?? new Map(), loading);
  if (files.needed.size > 0 || fleet === null) {
    return { application: null, needed: files.needed };
  }
  if (application.spec !== null) {
    const { variablesDigest } = fleet;
    const hostsDigest = application.isByHost ? fleet.hostsDigest : null;
    const { asked } = files;
    const entry = { overrides, asked, variablesDigest, hostsDigest, application };
    keepApplication(cache, file, entry);
  }
  return { application, needed: nothing };
}

/** Whether a source would have to be loaded anew. */
export function isNew(
  { input, folders, cache, fleet }: SourceContext,
  { file, overrides }: ManifestSource,
): boolean {
  const kept = recallApplication(cache, input, file, overrides, folders);
  return kept === null || fleet === null || !isOfFleet(kept, fleet);
}

function isOfFleet(kept: KeptApplication, fleet: FleetFacts): boolean {
  const isOfHosts = kept.hostsDigest === null || kept.hostsDigest === fleet.hostsDigest;
  return isOfHosts && kept.variablesDigest === fleet.variablesDigest;
}
