import type { DriftItem } from './drift.ts';
import type { Origin } from './origin.ts';
import type { Revision } from './revision.ts';

/** A value that was changed by hand, and that the manifests now ask for. */
export interface ProposedChange {
  readonly item: DriftItem;
  readonly origin: Origin;
  /** As it is written. */
  readonly written: string;
}

/** What was changed by hand and cannot be written down, with the reason as the end of a sentence. */
export interface Unproposed {
  readonly item: DriftItem;
  readonly reason: string;
}

export interface DriftProposal {
  /** The commit that the files are changed in. */
  readonly base: Revision;
  readonly changes: readonly ProposedChange[];
  readonly unproposed: readonly Unproposed[];
  /** Blob by path of what changes. */
  readonly edits: ReadonlyMap<string, string>;
  /** The bytes of these blobs. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}
