import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { messageOf, StalledError } from '../model/errors.ts';
import type { FollowedRef } from '../model/followed-ref.ts';
import type { CommitSha } from '../model/names.ts';
import { renamed, type Revision } from '../model/revision.ts';
import type { LinePlace } from './blame.ts';
import { asSourceError } from './as-source-error.ts';
import type { Change, Committed } from './change.ts';
import type { NewCommit, Publisher } from './commit-change.ts';
import { commitChange } from './commit-change.ts';
import { findTip, type Tip } from './find-tip.ts';
import type { RemoteLocation } from './location.ts';
import { MirrorReceiver } from './mirror-receiver.ts';
import { Mirror } from './mirror.ts';
import { findNamedRef } from './named-ref.ts';
import type { ObjectStore } from './object-store.ts';
import { askOnceMore } from './once-more.ts';
import { startPolling } from './poll.ts';
import { pushCommit } from './push-commit.ts';
import type { PushReport } from './push-report.ts';
import { isContention } from './push-report.ts';
import { refusedPush } from './refusals.ts';
import { RepositoryReader } from './repository-reader.ts';
import { serverRefs } from './server-refs.ts';
import type { SourceOptions } from './source-options.ts';
import type { SourceTree } from './source-tree.ts';
import type { Source } from './source.ts';
import type { Submodules } from './submodules/submodules.ts';
import { targetBranch } from './target-branch.ts';
import type { Transport } from './transport.ts';

export interface MirrorSourceOptions extends Pick<
  SourceOptions,
  'ref' | 'stateDir' | 'signing' | 'pollIntervalMs' | 'maxPacks' | 'spareBytes' | 'logger' | 'clock'
> {
  /** Its URL names the mirror. */
  readonly location: RemoteLocation;
  /** The source's from now on; null: none are followed. */
  readonly submodules: Submodules | null;
  /** The followed path in normal form. */
  readonly folder: string;
  readonly random: () => number;
}

/** What is followed of a repository on a server, kept in a mirror that only this process uses. */
export class MirrorSource implements Source {
  readonly #options: MirrorSourceOptions;
  readonly #where: string;
  readonly #transport: Transport;
  readonly #mirror: Mirror;
  readonly #store: ObjectStore;
  readonly #reader: RepositoryReader;
  readonly #receiver: MirrorReceiver;
  readonly #watches = new Map<AsyncDisposable, () => void>();
  /** What the last `head()` saw: the tip of what is followed, or what kept it from seeing it. */
  #answered = '';

  private constructor(options: MirrorSourceOptions, transport: Transport, mirror: Mirror) {
    this.#where = `repository ${options.location.url}`;
    this.#options = options;
    this.#mirror = mirror;
    this.#transport = transport;
    this.#receiver = new MirrorReceiver({ ...options, where: this.#where, mirror, transport });
    this.#store = this.#receiver.store;
    const { location } = options;
    const repository = { where: this.#where, location, gitdir: null, store: this.#store };
    this.#reader = new RepositoryReader(repository, options);
  }

  /**
   * @param transport is the source's from now on, also when it cannot be opened
   * @throws StalledError `MirrorInUse`
   */
  static async open(options: MirrorSourceOptions, transport: Transport): Promise<MirrorSource> {
    const { location, ref, stateDir, logger } = options;
    const { url } = location;
    // Tags of one repository share a mirror: the next version is little more than the last.
    const branch = ref.kind === 'branch' ? ref.name : 'tags and commits';
    const name = createHash('sha256').update(`${url}\n${branch}`).digest('hex').slice(0, 32);
    try {
      const mirror = await Mirror.open(join(stateDir, 'git', name), { url, branch }, logger);
      return new MirrorSource(options, transport, mirror);
    } catch (error) {
      await transport[Symbol.asyncDispose]();
      throw error;
    }
  }

  get followed(): FollowedRef {
    return this.#options.ref;
  }

  async head(signal: AbortSignal): Promise<Revision> {
    signal.throwIfAborted();
    return this.#receiver.queue.add(() => this.#pollHead(signal));
  }

  async resolve(revision: string, signal: AbortSignal): Promise<Revision> {
    const { ref } = this.#options;
    if (ref.kind === 'branch' && revision === ref.name) {
      return this.#receiver.queue.add(() => this.#readHead(signal));
    }
    const ways = [
      () => this.#resolveId(revision, signal),
      () => this.#receiver.queue.add(() => this.#resolveRef(revision, signal)),
      () => this.#receiver.queue.add(() => this.#resolveUnknown(revision, signal)),
    ];
    for (const way of ways) {
      const found = await way();
      if (found !== undefined) return found;
    }
    return this.#reader.resolve(revision, this.#mirror.commit, signal);
  }

  keep(commit: CommitSha): void {
    this.#receiver.mustHold([commit]);
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
    const aside = change.branch === undefined ? null : `refs/heads/${branch}`;
    const publisher: Publisher = {
      where: this.#where,
      signing: this.#options.signing,
      head: async (signal) => {
        try {
          if (aside === null) return (await this.#fetchHead(signal)).oid;
          return await this.#fetchAside(aside, signal);
        } catch (error) {
          throw asSourceError(error, `read ${this.#where}`, signal);
        }
      },
      publish: (commit, signal) =>
        (aside === null
          ? this.#publish(commit, branch, signal)
          : this.#publishAside(commit, branch, signal)
        ).catch((error: unknown) => {
          throw asSourceError(error, `push to ${this.#where}`, signal);
        }),
    };
    const committed = await this.#receiver.queue.add(() =>
      commitChange(publisher, this.#store, this.#reader, change, signal),
    );
    for (const onHint of this.#watches.values()) onHint();
    return committed;
  }

  /** Asks for the tip at an interval, and hints when it, or the failure to see it, is not what `head()` last found. */
  watch(onHint: () => void): AsyncDisposable {
    const { pollIntervalMs, random, clock } = this.#options;
    const look = async (signal: AbortSignal): Promise<boolean> => {
      let seen = '';
      let isWell = true;
      try {
        const tip = await this.#findTip(signal);
        seen = textOf(tip);
        // Nothing is asked for a fixed commit but itself, which is a lot: seldom while it is not there.
        isWell = tip.kind !== 'commit' || tip.oid === this.#mirror.commit;
      } catch (error) {
        seen = messageOf(error);
        isWell = false;
      }
      const isWorthIt = seen !== this.#answered || this.#reader.isUnread;
      if (!signal.aborted && isWorthIt) onHint();
      return isWell;
    };
    const poll = startPolling({ clock, intervalMs: pollIntervalMs, random, look });
    const watch: AsyncDisposable = {
      [Symbol.asyncDispose]: async () => {
        this.#watches.delete(watch);
        await poll[Symbol.asyncDispose]();
      },
    };
    this.#watches.set(watch, onHint);
    return watch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#watches.keys()].map((watch) => watch[Symbol.asyncDispose]()));
    await this.#receiver[Symbol.asyncDispose]();
    await this.#options.submodules?.[Symbol.asyncDispose]();
  }

  async #pollHead(signal: AbortSignal): Promise<Revision> {
    try {
      return await this.#readHead(signal, (tip) => {
        this.#answered = textOf(tip);
      });
    } catch (error) {
      this.#answered = messageOf(error);
      throw error;
    }
  }

  /** Leaves alone what the watch compares with: only the caller of `head()` knows of a new commit then. */
  async #readHead(signal: AbortSignal, onTip?: (tip: Tip) => void): Promise<Revision> {
    try {
      const head = await this.#fetchHead(signal, onTip);
      return renamed(await this.#reader.revision(head.oid), head);
    } catch (error) {
      throw asSourceError(error, `read ${this.#where}`, signal);
    }
  }

  /** The tip of what is followed, received and checked. */
  async #fetchHead(signal: AbortSignal, onTip?: (tip: Tip) => void): Promise<Tip> {
    const tip = await this.#findTip(signal);
    onTip?.(tip);
    if (tip.oid === this.#mirror.commit && !this.#receiver.isDoubtful) return tip;
    return { ...tip, oid: await this.#receiver.receive(tip.ref, 'accept', signal) };
  }

  /** The tip of a branch that is not followed, readable; undefined when there is none. */
  async #fetchAside(ref: string, signal: AbortSignal): Promise<string | undefined> {
    const tip = await serverRefs(this.#transport, signal).find(ref);
    if (tip === undefined || this.#mirror.holds(tip)) return tip;
    return this.#receiver.receive(ref, 'keep aside', signal);
  }

  /** A commit by its id, from the mirror, or from behind the head as it is now. */
  async #resolveId(revision: string, signal: AbortSignal): Promise<Revision | undefined> {
    if (!/^[0-9a-f]{7,40}$/i.test(revision)) return undefined;
    const known = this.#mirror.commit;
    return (
      (await orUndefined(this.#reader.resolve(revision, known, signal))) ??
      (await orUndefined(this.#resolveBehindHead(revision, signal)))
    );
  }

  async #resolveBehindHead(revision: string, signal: AbortSignal): Promise<Revision> {
    const { commit } = await this.#receiver.queue.add(() => this.#readHead(signal));
    return this.#reader.resolve(revision, commit, signal);
  }

  /** The commit of any ref that the server has, received beside what is followed. */
  async #resolveRef(name: string, signal: AbortSignal): Promise<Revision | undefined> {
    try {
      const tip = await findNamedRef(name, serverRefs(this.#transport, signal).find);
      if (tip === undefined) return undefined;
      const oid = this.#mirror.holds(tip.oid)
        ? tip.oid
        : await this.#receiver.receive(tip.ref, 'keep aside', signal);
      return renamed(await this.#reader.revision(oid), tip);
    } catch (error) {
      throw asSourceError(error, `read "${name}" of ${this.#where}`, signal);
    }
  }

  /** A commit that is not behind the head, received beside what is followed. */
  async #resolveUnknown(revision: string, signal: AbortSignal): Promise<Revision | undefined> {
    const id = revision.toLowerCase();
    if (!/^[0-9a-f]{40}$/.test(id)) return undefined;
    try {
      return await this.#reader.revision(await this.#receiver.receive(id, 'keep aside', signal));
    } catch (error) {
      if (error instanceof StalledError && error.reason === 'CommitNotFound') return undefined;
      throw asSourceError(error, `read commit ${id} of ${this.#where}`, signal);
    }
  }

  /**
   * Pushes, and receives what was pushed as if it were anybody's. After a push whose answer was lost, the branch itself
   * tells what became of it.
   */
  async #publish(commit: NewCommit, branch: string, signal: AbortSignal): Promise<boolean> {
    let report: PushReport | null;
    try {
      report = await this.#push(commit, branch, signal);
    } catch (error) {
      if (signal.aborted || error instanceof StalledError) throw error;
      const isThere = await this.#isPublished(commit, signal).catch(() => false);
      if (isThere) return true;
      throw error;
    }
    if (report === null) return false;
    const isThere = await this.#isPublished(commit, signal).catch((error: unknown) => {
      if (report.isAccepted && !signal.aborted) return true;
      throw error;
    });
    if (isThere || report.isAccepted) return true;
    if (this.#mirror.commit !== commit.parent || isContention(report)) return false;
    throw refusedPush(report, branch, this.#where);
  }

  /** The same for a branch that is not followed: nothing is received of it. */
  async #publishAside(commit: NewCommit, branch: string, signal: AbortSignal): Promise<boolean> {
    let report: PushReport | null;
    try {
      report = await this.#push(commit, branch, signal);
    } catch (error) {
      if (signal.aborted || error instanceof StalledError) throw error;
      const refs = serverRefs(this.#transport, signal);
      const tip = await refs.find(`refs/heads/${branch}`).catch(() => undefined);
      if (tip === commit.oid) return true;
      throw error;
    }
    if (report === null) return false;
    if (report.isAccepted) return true;
    if (isContention(report)) return false;
    throw refusedPush(report, branch, this.#where);
  }

  async #push(commit: NewCommit, branch: string, signal: AbortSignal): Promise<PushReport | null> {
    const { url, host } = this.#transport;
    const gitdir = this.#mirror.outgoing;
    await using http = this.#transport.converse(signal);
    return await pushCommit({ commit, url, host, branch, gitdir, http });
  }

  async #isPublished({ oid }: NewCommit, signal: AbortSignal): Promise<boolean> {
    return this.#reader.isBehind(oid, (await this.#fetchHead(signal)).oid, signal);
  }

  /** @throws StalledError `BranchNotFound`, `RepositoryEmpty`, `TagNotFound`, only after a complete list */
  #findTip(signal: AbortSignal): Promise<Tip> {
    const { ref, clock } = this.#options;
    return askOnceMore(clock, signal, () =>
      findTip(ref, serverRefs(this.#transport, signal), this.#where),
    );
  }
}

function textOf({ ref, oid }: Tip): string {
  return `${ref} ${oid}`;
}

/** Undefined for what cannot be found. */
async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof StalledError) return undefined;
    throw error;
  }
}
