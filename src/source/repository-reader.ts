import { TransientError } from '../model/errors.ts';
import { nameOfRef, type FollowedRef } from '../model/followed-ref.ts';
import type { CommitSha } from '../model/names.ts';
import { toCommitSha } from '../model/names.ts';
import type { Revision } from '../model/revision.ts';
import { Blame, type LinePlace } from './blame.ts';
import { commitMessage, parseCommit } from './commit-object.ts';
import { History, theOnly } from './history.ts';
import type { ObjectStore } from './object-store.ts';
import { missingFolder } from './refusals.ts';
import type { SourceTree } from './source-tree.ts';
import { graftTree } from './submodules/graft-tree.ts';
import type { ReadRepository } from './submodules/submodule-repository.ts';
import type { Submodules } from './submodules/submodules.ts';
import { descend, walkTree } from './walk-tree.ts';

/** What a reader needs to know of the repository that it reads. */
export interface Followed {
  readonly ref: FollowedRef;
  /** In normal form, `''` for the root. */
  readonly folder: string;
  /** Null: none are read. */
  readonly submodules: Submodules | null;
}

/** Reads commits that are there already: the half of a source that is the same for every kind of repository. */
export class RepositoryReader {
  readonly #repository: ReadRepository;
  readonly #store: ObjectStore;
  readonly #followed: Followed;
  readonly #history: History;
  readonly #blame: Blame;
  #isUnread = false;

  constructor(repository: ReadRepository, followed: Followed) {
    this.#repository = repository;
    this.#store = repository.store;
    this.#followed = followed;
    this.#history = new History(repository.store);
    this.#blame = new Blame(repository.store);
  }

  /** Whether what was to be read last could not be, for a reason that may pass without anything new in the repository. */
  get isUnread(): boolean {
    return this.#isUnread;
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

  /**
   * See `Source.tree`.
   *
   * @throws StalledError `PathNotFound`, `UnsupportedRepository`, `SubmoduleRefused`
   */
  async tree(commit: CommitSha, signal: AbortSignal): Promise<SourceTree> {
    signal.throwIfAborted();
    const tree = await this.#noted(this.#tree(commit, signal));
    this.#isUnread = false;
    return tree;
  }

  /** @throws StalledError `BlobTooLarge` */
  async read(oid: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const store = await this.#holderOf(oid);
    return this.#noted(store.blob(oid, maxBytes));
  }

  /** See `Source.lastChange`. */
  async lastChange(place: LinePlace, commit: CommitSha, signal: AbortSignal): Promise<Revision> {
    return this.revision(await this.#blame.lastChange(place, commit, signal));
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
    return this.revision(theOnly(found, revision, this.#repository.where));
  }

  async #tree(commit: CommitSha, signal: AbortSignal): Promise<SourceTree> {
    const { folder, submodules } = this.#followed;
    if (submodules !== null) {
      const grafted = await graftTree(submodules, this.#repository, commit, folder, signal);
      if (!('kind' in grafted)) return { commit, ...grafted };
      throw missingFolder(folder, commit, grafted.found, this.#repository.where);
    }
    const root = (await this.#store.commit(commit)).tree;
    const found = await descend(this.#store, root, folder);
    if (found?.kind !== 'tree') {
      throw missingFolder(folder, commit, found?.kind, this.#repository.where);
    }
    return { commit, ...(await walkTree(this.#store, found.oid, folder, signal)) };
  }

  async #holderOf(oid: string): Promise<ObjectStore> {
    const { submodules } = this.#followed;
    if (submodules === null || (await this.#store.has(oid))) return this.#store;
    return (await submodules.holderOf(oid)) ?? this.#store;
  }

  async #noted<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      if (error instanceof TransientError) this.#isUnread = true;
      throw error;
    }
  }

  async #existing(oid: string): Promise<string[]> {
    return (await this.#store.findCommit(oid)) === undefined ? [] : [oid];
  }
}
