import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { listServerRefs } from 'isomorphic-git';
import PQueue from 'p-queue';

import { messageOf, StalledError } from '../model/errors.ts';
import type { CommitSha } from '../model/names.ts';
import type { Revision } from '../model/revision.ts';
import { asSourceError } from './as-source-error.ts';
import type { Change, Committed } from './change.ts';
import { checkConnectivity } from './check-connectivity.ts';
import type { NewCommit, Publisher } from './commit-change.ts';
import { commitChange } from './commit-change.ts';
import type { PackRequest } from './fetch-pack.ts';
import { fetchPack } from './fetch-pack.ts';
import { MirrorGrowth } from './mirror-growth.ts';
import { Mirror } from './mirror.ts';
import { ObjectStore } from './object-store.ts';
import { askOnceMore } from './once-more.ts';
import { startPolling } from './poll.ts';
import { pushCommit } from './push-commit.ts';
import type { PushReport } from './push-report.ts';
import { isContention } from './push-report.ts';
import { missingBranch, refusedPush } from './refusals.ts';
import { RepositoryReader } from './repository-reader.ts';
import type { SourceOptions } from './source-options.ts';
import type { SourceTree } from './source-tree.ts';
import type { Source } from './source.ts';
import type { Transport } from './transport.ts';

export interface MirrorSourceOptions extends Pick<
  SourceOptions,
  'branch' | 'stateDir' | 'pollIntervalMs' | 'maxPacks' | 'spareBytes' | 'logger' | 'clock'
> {
  /** The repository in normal form, without credentials: names the mirror. */
  readonly url: string;
  /** The followed path in normal form. */
  readonly folder: string;
  readonly random: () => number;
}

/** How long a commit may wait for the mirror to be made smaller. */
const renewalPatienceMs = 60_000;

/** A branch of a repository on a server, kept in a mirror that only this process uses. */
export class MirrorSource implements Source {
  readonly #options: MirrorSourceOptions;
  readonly #where: string;
  readonly #transport: Transport;
  readonly #mirror: Mirror;
  readonly #store: ObjectStore;
  readonly #reader: RepositoryReader;
  /** One poll at a time: there is one folder to receive into. */
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #watches = new Map<AsyncDisposable, () => void>();
  /** What the last `head()` saw: the tip of the branch, or what kept it from seeing it. */
  #answered = '';
  /** Set when the packs we have turned out to lack something: the next fetch takes everything. */
  #isDoubtful = false;
  readonly #growth: MirrorGrowth;
  readonly #stop = new AbortController();

  private constructor(options: MirrorSourceOptions, transport: Transport, mirror: Mirror) {
    this.#where = `repository ${options.url}`;
    this.#options = options;
    this.#mirror = mirror;
    this.#growth = new MirrorGrowth(mirror, options);
    this.#transport = transport;
    this.#store = new ObjectStore(mirror.gitdir, this.#where);
    this.#reader = new RepositoryReader(this.#store, { ...options, where: this.#where });
  }

  /**
   * @param transport is the source's from now on, also when it cannot be opened
   * @throws StalledError `MirrorInUse`
   */
  static async open(options: MirrorSourceOptions, transport: Transport): Promise<MirrorSource> {
    const { url, branch, stateDir, logger } = options;
    const name = createHash('sha256').update(`${url}\n${branch}`).digest('hex').slice(0, 32);
    try {
      const mirror = await Mirror.open(join(stateDir, 'git', name), { url, branch }, logger);
      return new MirrorSource(options, transport, mirror);
    } catch (error) {
      await transport[Symbol.asyncDispose]();
      throw error;
    }
  }

  async head(signal: AbortSignal): Promise<Revision> {
    signal.throwIfAborted();
    return this.#queue.add(() => this.#pollHead(signal));
  }

  async resolve(revision: string, signal: AbortSignal): Promise<Revision> {
    const { commit } = this.#mirror;
    if (commit !== undefined && revision !== this.#options.branch) {
      try {
        return await this.#reader.resolve(revision, commit, signal);
      } catch (error) {
        if (!(error instanceof StalledError)) throw error;
      }
    }
    const head = await this.#queue.add(() => this.#readHead(signal));
    if (revision === this.#options.branch) return head;
    return this.#reader.resolve(revision, head.commit, signal);
  }

  isBehind(commit: CommitSha, head: CommitSha, signal: AbortSignal): Promise<boolean> {
    return this.#reader.isBehind(commit, head, signal);
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

  versions(
    paths: readonly string[],
    commit: CommitSha,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly Revision[]> {
    return this.#reader.versions(paths, commit, limit, signal);
  }

  async commit(change: Change, signal: AbortSignal): Promise<Committed> {
    const publisher: Publisher = {
      where: this.#where,
      head: (signal) =>
        this.#fetchHead(signal).catch((error: unknown) => {
          throw asSourceError(error, `read ${this.#where}`, signal);
        }),
      publish: (commit, signal) =>
        this.#publish(commit, signal).catch((error: unknown) => {
          throw asSourceError(error, `push to ${this.#where}`, signal);
        }),
    };
    const committed = await this.#queue.add(() =>
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
        seen = await this.#listTip(signal);
      } catch (error) {
        seen = messageOf(error);
        isWell = false;
      }
      if (!signal.aborted && seen !== this.#answered) onHint();
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
    this.#stop.abort();
    await this.#transport[Symbol.asyncDispose]();
    await this.#queue.onIdle();
    await this.#store[Symbol.asyncDispose]();
    await this.#mirror[Symbol.asyncDispose]();
  }

  async #pollHead(signal: AbortSignal): Promise<Revision> {
    try {
      return await this.#readHead(signal, (tip) => {
        this.#answered = tip;
      });
    } catch (error) {
      this.#answered = messageOf(error);
      throw error;
    }
  }

  /** Leaves alone what the watch compares with: only the caller of `head()` knows of a new commit then. */
  async #readHead(signal: AbortSignal, onTip?: (tip: string) => void): Promise<Revision> {
    try {
      return await this.#reader.revision(await this.#fetchHead(signal, onTip));
    } catch (error) {
      throw asSourceError(error, `read ${this.#where}`, signal);
    }
  }

  /** The tip of the branch, received and checked. */
  async #fetchHead(signal: AbortSignal, onTip?: (tip: string) => void): Promise<string> {
    const tip = await this.#listTip(signal);
    onTip?.(tip);
    const { commit } = this.#mirror;
    return commit === tip && !this.#isDoubtful ? commit : this.#receive(signal);
  }

  /**
   * Pushes, and receives what was pushed as if it were anybody's. After a push whose answer was lost, the branch itself
   * tells what became of it.
   */
  async #publish(commit: NewCommit, signal: AbortSignal): Promise<boolean> {
    let report: PushReport | null;
    try {
      report = await this.#push(commit, signal);
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
    throw refusedPush(report, this.#options.branch, this.#where);
  }

  async #push(commit: NewCommit, signal: AbortSignal): Promise<PushReport | null> {
    const { url, host } = this.#transport;
    const gitdir = this.#mirror.outgoing;
    await using http = this.#transport.converse(signal);
    return await pushCommit({ commit, url, host, branch: this.#options.branch, gitdir, http });
  }

  async #isPublished({ oid }: NewCommit, signal: AbortSignal): Promise<boolean> {
    return this.#reader.isBehind(oid, await this.#fetchHead(signal), signal);
  }

  /** @throws StalledError `BranchNotFound`, `RepositoryEmpty`, only after a complete list of the branches */
  async #listTip(signal: AbortSignal): Promise<string> {
    const { branch } = this.#options;
    const list = (prefix: string): Promise<ReadonlyMap<string, string>> =>
      askOnceMore(this.#options.clock, signal, () => this.#listRefs(prefix, signal));
    const tip = (await list(`refs/heads/${branch}`)).get(branch);
    if (tip !== undefined) return tip;
    const branches = await list('refs/heads/');
    throw missingBranch(branch, [...branches.keys()], this.#where);
  }

  /** By version 2 of the protocol, where the server sends no other refs than those asked for. */
  async #listRefs(prefix: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    await using http = this.#transport.converse(signal);
    const { url } = this.#transport;
    const refs = await listServerRefs({ http, url, prefix, protocolVersion: 2, headers: {} });
    return new Map(refs.map(({ ref, oid }) => [ref.slice('refs/heads/'.length), oid]));
  }

  async #receive(signal: AbortSignal): Promise<string> {
    const { commit } = this.#mirror;
    const mustTakeAll = this.#isDoubtful || commit === undefined;
    const renewed = mustTakeAll ? undefined : await this.#renew(signal);
    const received = renewed ?? (await this.#take(mustTakeAll ? undefined : commit, signal));
    if (this.#growth.hasManyPacks) void this.#queue.add(() => this.#joinPacks());
    return received;
  }

  /** Takes everything in place of what has grown too large; undefined when it has not, or the server does not do it. */
  async #renew(signal: AbortSignal): Promise<string | undefined> {
    if (!this.#growth.isOvergrown) return undefined;
    try {
      return await this.#take(
        undefined,
        AbortSignal.any([signal, AbortSignal.timeout(renewalPatienceMs)]),
      );
    } catch (error) {
      signal.throwIfAborted();
      this.#growth.allowMore(messageOf(error));
      return undefined;
    }
  }

  /** A task of its own: whoever asked for the head does not wait for it. */
  async #joinPacks(): Promise<void> {
    await this.#growth.joinPacks(this.#stop.signal);
    await this.#store.refresh();
  }

  async #take(known: string | undefined, signal: AbortSignal): Promise<string> {
    const have =
      known === undefined ? undefined : { oid: known, bytes: await this.#store.commitBytes(known) };
    const commit = await askOnceMore(this.#options.clock, signal, () => this.#fetch(have, signal));
    const admitted = await this.#mirror.admit();
    try {
      await this.#store.refresh();
      const has = (oid: string): boolean =>
        admitted.some(({ index }) => index.has(oid)) ||
        (known !== undefined && this.#mirror.has(oid));
      await checkConnectivity(this.#store, has, commit, known, signal);
      await this.#mirror.accept(commit, admitted, known === undefined ? 'replace' : 'add');
      this.#isDoubtful = false;
    } catch (error) {
      await this.#mirror.reject();
      if (!signal.aborted && known !== undefined) this.#isDoubtful = true;
      throw error;
    } finally {
      await this.#store.refresh();
    }
    return commit;
  }

  async #fetch(have: PackRequest['have'], signal: AbortSignal): Promise<string> {
    const { url, host } = this.#transport;
    const { branch } = this.#options;
    await using http = this.#transport.converse(signal);
    return await fetchPack({
      gitdir: this.#mirror.incoming,
      url,
      host,
      branch,
      have,
      http,
      signal,
    });
  }
}
