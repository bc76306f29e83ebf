import type { CommitSha } from '../model/names.ts';
import type { Revision } from '../model/revision.ts';
import type { SourceTree } from './source-tree.ts';

/** What one commit is to change. */
export interface Change {
  /**
   * The branch that the commit is put on, when that is not the followed one. It begins at `base` when there is none of this
   * name yet.
   */
  readonly branch?: string;
  /** The commit whose files were looked at: on a newer head the change is made only if its paths still are as they were here. */
  readonly base: CommitSha;
  /**
   * What each file becomes, by its path from the root of the repository: a blob, or null to remove the file. A file keeps its
   * mode; one that is not there becomes an ordinary one.
   */
  readonly edits: ReadonlyMap<string, string | null>;
  /** The bytes of blobs that no commit of the repository holds yet, by id. */
  readonly blobs?: ReadonlyMap<string, Uint8Array>;
  /** `Name <address>`: author and committer. */
  readonly author: string;
  readonly message: string;
  /**
   * Looks at the files that the commit will have before it is published, anew for each head that it is tried on; what it
   * throws keeps the commit from being published. The tree names the head, since its own commit is not there yet.
   */
  readonly check: (tree: SourceTree) => Promise<void>;
}

/** What became of a change. */
export type Committed =
  | {
      readonly kind: 'committed';
      /** The new commit. */
      readonly revision: Revision;
      /** The head that it was put on. */
      readonly parent: CommitSha;
    }
  /** The head already holds what was asked for. */
  | { readonly kind: 'unchanged'; readonly head: Revision };
