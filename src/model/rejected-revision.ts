import type { Diagnostic } from './diagnostic.ts';
import type { Revision } from './revision.ts';

/** A head that was refused, and why. */
export interface RejectedRevision {
  readonly revision: Revision;
  readonly diagnostics: readonly Diagnostic[];
}
