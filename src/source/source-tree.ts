import type { CommitSha } from '../model/names.ts';
import type { TreeEntry } from '../model/tree.ts';

/** The files of one commit below the followed path. */
export interface SourceTree {
  readonly commit: CommitSha;
  /** By path from the root of the repository. */
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Things that the walk passed over, such as a name that is not valid UTF-8: for the log. */
  readonly skipped: readonly string[];
}
