import type { ApplicationSpec } from '../model/application.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';

/** One application as it was read. */
export interface LoadedApplication {
  /** Empty when it has none. */
  readonly name: string;
  /** Where the name comes from. */
  readonly origin: Origin;
  /** Null when there is an error. */
  readonly spec: ApplicationSpec | null;
  /** It also depends on what hosts there are, by overrides. */
  readonly isByHost: boolean;
  /** Files that it was read from, as far as they could be read; sorted. */
  readonly files: readonly string[];
  /** Manifests that it includes, and that are thereby no applications of their own. */
  readonly included: ReadonlySet<string>;
  readonly diagnostics: readonly Diagnostic[];
}
