import type { FollowedRef } from '../model/followed-ref.ts';
import type { CommitSha } from '../model/names.ts';
import type { Revision } from '../model/revision.ts';
import type { LinePlace } from './blame.ts';
import type { Change, Committed } from './change.ts';
import type { SourceTree } from './source-tree.ts';

/**
 * A branch, tag or commit of one repository that is followed. A commit is only ever handed out after its objects were checked, and a failure
 * leaves the last good state as it was.
 *
 * @throws StalledError `BranchNotFound`, `TagNotFound`, `CommitNotFound`, `RepositoryEmpty`, `RepositoryNotFound`, `AuthenticationFailed`, `PathNotFound`,
 *   `UnsupportedRepository`, `SubmoduleRefused`, `BlobTooLarge`, `RevisionNotFound`, `HostKeyUnknown`, `HostKeyChanged`, and `MirrorInUse` when it
 *   is opened
 * @throws TransientError `GitUnreachable`, `RateLimited`, `GitProtocol`, `PackCorrupt`
 */
export interface Source extends AsyncDisposable {
  readonly followed: FollowedRef;
  /** Asks the repository for the commit that is to be in force, the head, and makes it readable. Cheap when nothing is new. */
  head(signal: AbortSignal): Promise<Revision>;
  /**
   * Any commit: a full id, a unique prefix of at least 7 digits of what is behind the head, or any ref of the repository, as a
   * branch, a tag or `pull/12/head`. What a server has to be asked for changes nothing of what is followed.
   */
  resolve(revision: string, signal: AbortSignal): Promise<Revision>;
  /** The commit in force stays readable, also when the repository has it no more; a local one is read in place. */
  keep(commit: CommitSha): void;
  /** Whether a commit is the other one, or among the nearest 10,000 behind it; one that is not there is not. */
  isBehind(commit: CommitSha, head: CommitSha, signal: AbortSignal): Promise<boolean>;
  /** The whole message of a commit. */
  message(commit: CommitSha, signal: AbortSignal): Promise<string>;
  /**
   * Every entry of the commit below the followed path (and the path's own parents are not listed). Submodules that are followed
   * are received first, and their files stand among the others; what keeps one of them away is transient.
   */
  tree(commit: CommitSha, signal: AbortSignal): Promise<SourceTree>;
  /** Bytes of a blob; refuses one over `maxBytes`. */
  read(oid: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * The commit that a line of a file is from, as `git blame` finds it; for a file in a submodule, the commit that took the
   * submodule in. Bounded: gives the commit at the bound when history is longer than 1,000 commits.
   *
   * @param place as it is in `commit`
   */
  lastChange(place: LinePlace, commit: CommitSha, signal: AbortSignal): Promise<Revision>;
  /**
   * The newest commits behind `commit`, itself included, that changed one of the files: newest first, at most `limit`, on the
   * line of first parents, looked for among the nearest 1,000.
   */
  versions(
    paths: readonly string[],
    commit: CommitSha,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly Revision[]>;
  /**
   * Makes one commit on top of the branch and publishes it: a push for a server, a move of the branch for a local repository.
   * It is never forced; when others move the branch at the same time it is made anew on their commit.
   *
   * @throws StalledError `ChangeConflict` when a newer commit changed one of the files, `PushRefused` when the repository
   *   does not take it, `NoBranch` when none is followed, `CheckedOut` when a working tree stands in the way
   * @throws TransientError `BranchBusy`
   */
  commit(change: Change, signal: AbortSignal): Promise<Committed>;
  /**
   * Calls back when `head()` may answer otherwise than it did last, be it with a new commit or by failing: a hint, never the
   * truth. Ends with the source at the latest.
   */
  watch(onHint: () => void): AsyncDisposable;
}
