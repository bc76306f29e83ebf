import type { RepositoryLocation } from '../location.ts';
import type { ObjectStore } from '../object-store.ts';

/** A repository that is read, followed or as part of one that is. */
export interface ReadRepository {
  /** As messages name it. */
  readonly where: string;
  /** What relative URLs of its submodules are meant from. */
  readonly location: RepositoryLocation;
  /** Where it stands on this machine, when it is read in place: Git keeps checked out submodules in there. */
  readonly gitdir: string | null;
  readonly store: ObjectStore;
}

/** A repository that stands in another one. */
export interface SubmoduleRepository extends ReadRepository, AsyncDisposable {
  /**
   * Makes a commit and all its files readable.
   *
   * @throws StalledError, TransientError as a source does that follows the commit
   */
  bring(commit: string, signal: AbortSignal): Promise<void>;
}
