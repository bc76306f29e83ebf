import type { ApplicationSpec } from '../model/application.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { FleetSpec } from '../model/fleet.ts';
import type { InstallationKey } from '../model/sealed.ts';
import type { TreeEntry } from '../model/tree.ts';

/** What a commit (or a folder) holds, as far as it has been read. */
export interface ManifestInput {
  /** Everything below the followed path, by path from the root of the repository. */
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** The followed path: empty for the root of the repository. */
  readonly root: string;
  /** Bytes of the files read so far, by path. `TooLarge` stands for one over its limit. */
  readonly contents: ReadonlyMap<string, Uint8Array | TooLarge>;
  /** Secrets are sealed with it. */
  readonly key: InstallationKey;
  /** Without a `fleet.yaml` a folder of manifests can be validated, but nothing can be deployed. */
  readonly fleetRequired: boolean;
  /** What the root of the files is called on disk: the name of an application right there. A repository has none. */
  readonly rootName?: string;
  /** Manifests to load instead of looking for them by name: for `validate FILE`. */
  readonly only?: readonly string[];
}

export interface TooLarge {
  readonly kind: 'too-large';
  readonly limit: number;
}

/** Largest manifest, in bytes; also the largest `.env` file, env_file, config, secret and file that is mounted. */
export const maxFileBytes = 1024 * 1024;

/**
 * The outcome of loading. The room does no IO: as long as it lacks files it says which ones it needs next, and is called
 * again with more contents; parsed documents are kept by blob id in the cache, so that the second call costs little.
 */
export type ManifestResult = NeedsFiles | LoadedManifests;

export interface NeedsFiles {
  readonly kind: 'needs';
  readonly paths: readonly string[];
}

export interface LoadedManifests {
  readonly kind: 'loaded';
  /** Null when there is none or when it is invalid. */
  readonly fleet: FleetSpec | null;
  /** Valid applications, sorted by name. */
  readonly applications: readonly ApplicationSpec[];
  /** Names of all applications found, the invalid ones included, sorted. */
  readonly found: readonly string[];
  /** The files that each application found was read from, the invalid ones included, by name. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** All problems at once, sorted. */
  readonly diagnostics: readonly Diagnostic[];
}
