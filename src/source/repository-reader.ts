import { nameOfRef, type FollowedRef } from '../model/followed-ref.ts';
import type { CommitSha } from '../model/names.ts';
import { toCommitSha } from '../model/names.ts';
import type { Revision } from '../model/revision.ts';
import { commitMessage, parseCommit } from './commit-object.ts';
import { History, theOnly } from './history.ts';
import type { ObjectStore } from './object-store.ts';
import { missingFolder } from './refusals.ts';
import type { SourceTree } from './source-tree.ts';
import { descend, walkTree } from './walk-tree.ts';

/** What a reader needs to know of the repository that it reads. */
export interface Followed {
  readonly ref: FollowedRef;
  /** In normal form, `''` for the root. */
  readonly folder: string;
  /** The repository, as messages name it. */
  readonly where: string;
}

/** Reads commits that are there already: the half of a source that is the same for every kind of repository. */
export class RepositoryReader {
  readonly #store: ObjectStore;
  readonly #followed: Followed;
  readonly #history: History;

  constructor(store: ObjectStore, followed: Followed) {
    this.#store = store;
    this.#followed = followed;
    this.#history = new History(store);
  }

  /** @throws TransientError `PackCorrupt` when the commit cannot be read */
  async revision(oid: string): Promise<Revision> {
    const { author, date, subject } = await this.#store.commit(oid);
    return { ...nameOfRef(this.#followed.ref), commit: toCommitSha(oid), author, date, subject };
  }

  /** A commit of which only the bytes are at hand. */
  describe(oid: string, bytes: Uint8Array): Revision {
    const { author, date, subject } = parseCommit(bytes);
    return { ...nameOfRef(this.#followed.ref), commit: toCommitSha(oid), author, date, subject };
  }

  /** @throws TransientError `PackCorrupt` when the commit cannot be read */
  async message(commit: CommitSha, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    return commitMessage(await this.#store.commitBytes(commit));
  }

  /** @throws StalledError `PathNotFound`, `UnsupportedRepository` */
  async tree(commit: CommitSha, signal: AbortSignal): Promise<SourceTree> {
    signal.throwIfAborted();
    const { folder, where } = this.#followed;
    const root = (await this.#store.commit(commit)).tree;
    const found = await descend(this.#store, root, folder);
    if (found?.kind !== 'tree') throw missingFolder(folder, commit, found?.kind, where);
    return { commit, ...(await walkTree(this.#store, found.oid, folder, signal)) };
  }

  /** @throws StalledError `BlobTooLarge` */
  async read(oid: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    return this.#store.blob(oid, maxBytes);
  }

  /** See `Source.lastChange`. */
  async lastChange(path: string, commit: CommitSha, signal: AbortSignal): Promise<Revision> {
    return this.revision(await this.#history.lastChange(path, commit, signal));
  }

  /** See `Source.versions`. */
  async versions(
    paths: readonly string[],
    commit: CommitSha,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly Revision[]> {
    const found = await this.#history.versions(paths, commit, limit, signal);
    return Promise.all(found.map((oid) => this.revision(oid)));
  }

  /** Whether a commit is among the nearest 10,000 behind another, or that itself. */
  async isBehind(oid: string, head: string, signal: AbortSignal): Promise<boolean> {
    return this.#history.isBehind(oid, head, signal);
  }

  /**
   * The commit of a full id, or of a prefix of one among the commits behind `head`, if there is one.
   *
   * @throws StalledError `RevisionNotFound`
   */
  async resolve(
    revision: string,
    head: string | undefined,
    signal: AbortSignal,
  ): Promise<Revision> {
    const id = revision.toLowerCase();
    const found = /^[0-9a-f]{40}$/.test(id)
      ? await this.#existing(id)
      : /^[0-9a-f]{7,39}$/.test(id) && head !== undefined
        ? await this.#history.withPrefix(id, head, signal)
        : [];
    return this.revision(theOnly(found, revision, this.#followed.where));
  }

  async #existing(oid: string): Promise<string[]> {
    return (await this.#store.findCommit(oid)) === undefined ? [] : [oid];
  }
}
