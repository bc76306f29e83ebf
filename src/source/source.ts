import type { CommitSha } from '../model/names.ts';
import type { Revision } from '../model/revision.ts';
import type { TreeEntry } from '../model/tree.ts';

/** The files of one commit below the followed path. */
export interface SourceTree {
  readonly commit: CommitSha;
  /** By path from the root of the repository. */
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Things that the walk passed over, such as a name that is not valid UTF-8: for the log. */
  readonly skipped: readonly string[];
}

/**
 * A followed branch of one repository. A commit is only ever handed out after its objects were checked, and a failure
 * leaves the last good state as it was.
 *
 * @throws StalledError `BranchNotFound`, `RepositoryEmpty`, `RepositoryNotFound`, `AuthenticationFailed`, `PathNotFound`,
 *   `UnsupportedRepository`, `BlobTooLarge`, `RevisionNotFound`, and `MirrorInUse` when it is opened
 * @throws TransientError `GitUnreachable`, `GitProtocol`, `PackCorrupt`
 */
export interface Source extends AsyncDisposable {
  /** Asks the repository for the head of the branch and makes it readable. Cheap when nothing is new. */
  head(signal: AbortSignal): Promise<Revision>;
  /** Any commit that is readable: a full id, a unique prefix of at least 7 digits, or a branch of a local repository. */
  resolve(revision: string, signal: AbortSignal): Promise<Revision>;
  /** Every entry of the commit below the followed path (and the path's own parents are not listed). */
  tree(commit: CommitSha, signal: AbortSignal): Promise<SourceTree>;
  /** Bytes of a blob; refuses one over `maxBytes`. */
  read(oid: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Who wrote a file last: the newest commit reachable from `commit` whose version of `path` differs from its first parent's.
   * Bounded: gives the commit at the bound when history is longer than 1,000 commits.
   */
  lastChange(path: string, commit: CommitSha, signal: AbortSignal): Promise<Revision>;
  /**
   * Calls back when `head()` may answer otherwise than it did last, be it with a new commit or by failing: a hint, never the
   * truth. Ends with the source at the latest.
   */
  watch(onHint: () => void): AsyncDisposable;
}
