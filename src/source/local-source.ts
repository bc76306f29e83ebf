import fs from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { listBranches, resolveRef } from 'isomorphic-git';
import type { Logger } from 'pino';

import { messageOf } from '../model/errors.ts';
import type { CommitSha } from '../model/names.ts';
import type { Revision } from '../model/revision.ts';
import { asSourceError } from './as-source-error.ts';
import { findGitdir } from './find-gitdir.ts';
import { ObjectStore } from './object-store.ts';
import { startPolling } from './poll.ts';
import { missingBranch } from './refusals.ts';
import { RepositoryReader } from './repository-reader.ts';
import type { Source, SourceTree } from './source.ts';
import { watchRefs } from './watch-refs.ts';

export interface LocalSourceOptions {
  readonly path: string;
  readonly branch: string;
  /** In normal form. */
  readonly folder: string;
  readonly pollIntervalMs: number;
  readonly random: () => number;
  readonly logger: Logger;
}

/** A repository of this machine, read in place: nothing is cloned, and nothing is ever written to it. */
export class LocalSource implements Source {
  readonly #options: LocalSourceOptions;
  readonly #gitdir: string;
  readonly #where: string;
  readonly #store: ObjectStore;
  readonly #reader: RepositoryReader;
  readonly #watches = new Set<AsyncDisposable>();
  /** What the last `head()` answered, as `#look` words it. */
  #answered = '';

  private constructor(options: LocalSourceOptions, gitdir: string) {
    const where = `repository "${options.path}"`;
    this.#options = options;
    this.#gitdir = gitdir;
    this.#where = where;
    this.#store = new ObjectStore(gitdir, where);
    this.#reader = new RepositoryReader(this.#store, { ...options, where });
  }

  /** @throws StalledError `RepositoryNotFound`, `UnsupportedRepository` */
  static async open(options: LocalSourceOptions): Promise<LocalSource> {
    return new LocalSource(options, await findGitdir(options.path));
  }

  async head(signal: AbortSignal): Promise<Revision> {
    signal.throwIfAborted();
    this.#answered = await this.#look();
    try {
      const oid = await this.#resolveBranch(this.#options.branch);
      await this.#store.refresh();
      return await this.#reader.revision(oid);
    } catch (error) {
      throw asSourceError(error, `read the head of ${this.#where}`, signal);
    }
  }

  async resolve(revision: string, signal: AbortSignal): Promise<Revision> {
    const branches = await listBranches({ fs, gitdir: this.#gitdir });
    if (branches.includes(revision)) {
      return this.#reader.revision(await this.#resolveBranch(revision));
    }
    const { commit } = await this.head(signal);
    return this.#reader.resolve(revision, commit, signal);
  }

  tree(commit: CommitSha, signal: AbortSignal): Promise<SourceTree> {
    return this.#reader.tree(commit, signal);
  }

  read(oid: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#reader.read(oid, maxBytes, signal);
  }

  lastChange(path: string, commit: CommitSha, signal: AbortSignal): Promise<Revision> {
    return this.#reader.lastChange(path, commit, signal);
  }

  /**
   * Events of the file system tell of a push within milliseconds. The poll beside them sees what they never tell: that
   * the whole directory was replaced, or that it lies on a file system without events.
   */
  watch(onHint: () => void): AsyncDisposable {
    const { pollIntervalMs, random, logger } = this.#options;
    const look = async (): Promise<boolean> => {
      if ((await this.#look()) !== this.#answered) onHint();
      return true;
    };
    const refs = watchRefs(
      this.#gitdir,
      () => void look(),
      (error) => {
        logger.warn({ reason: messageOf(error) }, 'refs cannot be watched: they are polled only');
      },
    );
    const poll = startPolling({
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
  }

  /** What the branch is now, or why that cannot be told, as a text to compare. */
  async #look(): Promise<string> {
    try {
      return await this.#resolveBranch(this.#options.branch);
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Looks twice: `pack-refs` takes away the loose ref between our reading of the packed and of the loose ones. */
  async #resolveBranch(branch: string): Promise<string> {
    const options = { fs, gitdir: this.#gitdir, ref: `refs/heads/${branch}` };
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
      const branches = await listBranches({ fs, gitdir: this.#gitdir });
      throw missingBranch(branch, branches, this.#where);
    }
  }
}
