import fs from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { getConfig, listRefs, resolveRef } from 'isomorphic-git';
import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { FollowedRef } from '../model/followed-ref.ts';
import type { CommitSha } from '../model/names.ts';
import { renamed, type Revision } from '../model/revision.ts';
import type { LinePlace } from './blame.ts';
import { asSourceError } from './as-source-error.ts';
import type { Change, Committed } from './change.ts';
import { findCheckedOut } from './checked-out.ts';
import type { NewCommit, Publisher } from './commit-change.ts';
import { commitChange } from './commit-change.ts';
import { findGitdir } from './find-gitdir.ts';
import { findTip, type RefLookup, type Tip } from './find-tip.ts';
import { parseLocation, type RepositoryLocation } from './location.ts';
import { writeLooseObjects } from './loose-object.ts';
import { moveBranch } from './move-branch.ts';
import { findNamedRef } from './named-ref.ts';
import { ObjectStore } from './object-store.ts';
import { startPolling } from './poll.ts';
import { checkedOutElsewhere, missingCommit } from './refusals.ts';
import { RepositoryReader } from './repository-reader.ts';
import type { SigningOptions } from './sign-commit.ts';
import type { SourceTree } from './source-tree.ts';
import type { Source } from './source.ts';
import type { Submodules } from './submodules/submodules.ts';
import { targetBranch } from './target-branch.ts';
import { watchRefs } from './watch-refs.ts';
import { updateWorktree } from './worktree.ts';

export interface LocalSourceOptions {
  readonly path: string;
  readonly ref: FollowedRef;
  /** In normal form. */
  readonly folder: string;
  readonly signing?: SigningOptions | undefined;
  /** The source's from now on; null: none are followed. */
  readonly submodules: Submodules | null;
  readonly pollIntervalMs: number;
  readonly random: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A repository of this machine, read in place: nothing is cloned, and nothing is written to it but what `commit` is given. */
export class LocalSource implements Source {
  readonly #options: LocalSourceOptions;
  readonly #gitdir: string;
  readonly #where: string;
  readonly #store: ObjectStore;
  readonly #reader: RepositoryReader;
  readonly #refs: RefLookup = {
    find: (ref) => this.#resolveRef(ref),
    list: (folder) => this.#listRefs(folder),
  };
  readonly #watches = new Set<AsyncDisposable>();
  /** What the last `head()` answered, as `#look` words it. */
  #answered = '';

  private constructor(options: LocalSourceOptions, gitdir: string, location: RepositoryLocation) {
    const where = `repository "${options.path}"`;
    this.#options = options;
    this.#gitdir = gitdir;
    this.#where = where;
    this.#store = new ObjectStore(gitdir, where);
    this.#reader = new RepositoryReader({ where, location, gitdir, store: this.#store }, options);
  }

  /** @throws StalledError `RepositoryNotFound`, `UnsupportedRepository` */
  static async open(options: LocalSourceOptions): Promise<LocalSource> {
    const gitdir = await findGitdir(options.path);
    const location = (await originOf(gitdir)) ?? { kind: 'local', path: options.path };
    return new LocalSource(options, gitdir, location);
  }

  get followed(): FollowedRef {
    return this.#options.ref;
  }

  async head(signal: AbortSignal): Promise<Revision> {
    signal.throwIfAborted();
    this.#answered = await this.#look();
    return this.#readHead(signal);
  }

  async resolve(revision: string, signal: AbortSignal): Promise<Revision> {
    const named = await findNamedRef(revision, this.#refs.find);
    await this.#store.refresh();
    if (named !== undefined) return this.#describe(named);
    const isWhole = /^[0-9a-f]{40}$/i.test(revision);
    const head = isWhole ? undefined : (await this.#readHead(signal)).commit;
    return this.#reader.resolve(revision, head, signal);
  }

  keep(): void {
    // Nothing is ever removed here.
  }

  isBehind(commit: CommitSha, head: CommitSha, signal: AbortSignal): Promise<boolean> {
    return this.#reader.isBehind(commit, head, signal);
  }

  message(commit: CommitSha, signal: AbortSignal): Promise<string> {
    return this.#reader.message(commit, signal);
  }

  tree(commit: CommitSha, signal: AbortSignal): Promise<SourceTree> {
    return this.#reader.tree(commit, signal);
  }

  read(oid: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#reader.read(oid, maxBytes, signal);
  }

  lastChange(place: LinePlace, commit: CommitSha, signal: AbortSignal): Promise<Revision> {
    return this.#reader.lastChange(place, commit, signal);
  }

  versions(
    paths: readonly string[],
    commit: CommitSha,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly Revision[]> {
    return this.#reader.versions(paths, commit, limit, signal);
  }

  async commit(change: Change, signal: AbortSignal): Promise<Committed> {
    const branch = targetBranch(change, this.#options.ref, this.#where);
    const doing = `commit to ${this.#where}`;
    const publisher: Publisher = {
      where: this.#where,
      signing: this.#options.signing,
      head: async (signal) =>
        change.branch === undefined
          ? (await this.#readHead(signal)).commit
          : this.#resolveRef(`refs/heads/${branch}`),
      publish: async (commit, signal) => {
        try {
          return await this.#publish(commit, branch);
        } catch (error) {
          throw asSourceError(error, doing, signal);
        }
      },
    };
    return commitChange(publisher, this.#store, this.#reader, change, signal);
  }

  /**
   * Events of the file system tell of a push within milliseconds. The poll beside them sees what they never tell: that
   * the whole directory was replaced, or that it lies on a file system without events.
   */
  watch(onHint: () => void): AsyncDisposable {
    const { pollIntervalMs, random, clock, logger } = this.#options;
    const look = async (): Promise<boolean> => {
      if ((await this.#look()) !== this.#answered || this.#reader.isUnread) onHint();
      return true;
    };
    const refs = watchRefs(
      this.#gitdir,
      watchedFolder(this.#options.ref),
      () => void look(),
      (error) => {
        logger.warn({ reason: messageOf(error) }, 'refs cannot be watched: they are polled only');
      },
    );
    const poll = startPolling({
      clock,
      intervalMs: pollIntervalMs,
      random,
      look: async () => {
        await refs.follow();
        return look();
      },
    });
    const watch: AsyncDisposable = {
      [Symbol.asyncDispose]: async () => {
        this.#watches.delete(watch);
        await Promise.all([poll[Symbol.asyncDispose](), refs[Symbol.asyncDispose]()]);
      },
    };
    this.#watches.add(watch);
    return watch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#watches].map((watch) => watch[Symbol.asyncDispose]()));
    await this.#store[Symbol.asyncDispose]();
    await this.#options.submodules?.[Symbol.asyncDispose]();
  }

  async #readHead(signal: AbortSignal): Promise<Revision> {
    try {
      const tip = await this.#findTip();
      await this.#store.refresh();
      return await this.#describe(tip);
    } catch (error) {
      throw asSourceError(error, `read the head of ${this.#where}`, signal);
    }
  }

  async #describe(tip: Tip): Promise<Revision> {
    const isBranch = tip.ref.startsWith('refs/heads/');
    const oid = isBranch ? tip.oid : await this.#store.peel(tip.oid);
    return renamed(await this.#reader.revision(oid), tip);
  }

  /** Adds the objects and moves the branch; where it is checked out, the working tree is brought along. */
  async #publish(commit: NewCommit, branch: string): Promise<boolean> {
    const gitdir = this.#gitdir;
    const place = await findCheckedOut(gitdir, branch);
    if (place.kind === 'elsewhere') throw checkedOutElsewhere(branch, place.root);
    await writeLooseObjects(gitdir, commit.objects);
    await this.#store.refresh();
    return moveBranch({
      gitdir,
      branch,
      from: commit.isFirst ? undefined : commit.parent,
      to: commit.oid,
      read: () => this.#resolveRef(`refs/heads/${branch}`),
      before: async () => {
        if (place.kind === 'here') await updateWorktree(this.#store, place.root, gitdir, commit);
      },
      author: commit.author,
      subject: commit.subject,
      now: Date.now(),
    });
  }

  /** What the followed ref is now, or why that cannot be told, as a text to compare. */
  async #look(): Promise<string> {
    try {
      const { ref, oid } = await this.#findTip();
      return `${ref} ${oid}`;
    } catch (error) {
      return messageOf(error);
    }
  }

  async #findTip(): Promise<Tip> {
    const { ref } = this.#options;
    const tip = await findTip(ref, this.#refs, this.#where);
    if (ref.kind !== 'commit') return tip;
    await this.#store.refresh();
    if ((await this.#store.findCommit(ref.id)) !== undefined) return tip;
    throw missingCommit(ref.id, this.#where);
  }

  /** Looks twice: `pack-refs` takes away the loose ref between our reading of the packed and of the loose ones. */
  async #resolveRef(ref: string): Promise<string | undefined> {
    const options = { fs, gitdir: this.#gitdir, ref };
    try {
      return await resolveRef(options);
    } catch {
      await sleep(5);
    }
    try {
      return await resolveRef(options);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'NotFoundError')) throw error;
      await stat(join(this.#gitdir, 'refs'));
      return undefined;
    }
  }

  /** Looks twice, for the same reason: without the highest of its tags a repository would seem set back. */
  async #listRefs(folder: string): Promise<readonly string[]> {
    const options = { fs, gitdir: this.#gitdir, filepath: folder.slice(0, -1) };
    const before = await listRefs(options);
    return [...new Set([...before, ...(await listRefs(options))])];
  }
}

/** Where it was cloned from, from which Git takes relative URLs of submodules; undefined for nowhere that could be followed. */
async function originOf(gitdir: string): Promise<RepositoryLocation | undefined> {
  try {
    const url: unknown = await getConfig({ fs, gitdir, path: 'remote.origin.url' });
    return typeof url === 'string' ? parseLocation(url) : undefined;
  } catch {
    return undefined;
  }
}

/** Below which refs something changes when what is followed does. A commit comes with any. */
function watchedFolder(ref: FollowedRef): 'refs/heads' | 'refs/tags' | 'refs' {
  return ({ branch: 'refs/heads', tag: 'refs/tags', semver: 'refs/tags', commit: 'refs' } as const)[
    ref.kind
  ];
}
