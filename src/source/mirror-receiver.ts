import PQueue from 'p-queue';

import { messageOf, StalledError } from '../model/errors.ts';
import { checkConnectivity } from './check-connectivity.ts';
import { fetchWanted } from './fetch-wanted.ts';
import { MirrorGrowth } from './mirror-growth.ts';
import type { Mirror } from './mirror.ts';
import { ObjectStore } from './object-store.ts';
import { askOnceMore } from './once-more.ts';
import { missingCommit } from './refusals.ts';
import type { SourceOptions } from './source-options.ts';
import type { Transport } from './transport.ts';

export interface ReceivingParts extends Pick<
  SourceOptions,
  'maxPacks' | 'spareBytes' | 'logger' | 'clock'
> {
  /** The repository, as messages name it. */
  readonly where: string;
  /** The receiver's from now on, as is the transport. */
  readonly mirror: Mirror;
  readonly transport: Transport;
}

/** Whether what is received becomes the accepted commit, or is only looked at. */
type Use = 'accept' | 'keep aside';

interface Wanted {
  /** A ref, or the id of a commit. */
  readonly want: string;
  readonly use: Use;
  /** The commit that the server need not send what is behind; undefined: everything is taken. */
  readonly known: string | undefined;
  /** Commits that have to be among what is received. */
  readonly mustHold?: readonly string[];
}

/** How long a commit may wait for the mirror to be made smaller. */
const renewalPatienceMs = 60_000;
/** What goes bad again at once, as on a bad disk, is not received in full with every poll. */
const wholeEveryMs = 10 * 60_000;

/** Brings commits of a server into its mirror, which hold nothing but what was checked. */
export class MirrorReceiver implements AsyncDisposable {
  /** One thing at a time, as there is one folder to receive into: `receive()` is to be called from here only. */
  readonly queue = new PQueue({ concurrency: 1 });
  /** Reads the mirror. */
  readonly store: ObjectStore;
  readonly #parts: ReceivingParts;
  readonly #growth: MirrorGrowth;
  /** Set when the packs we have turned out to lack something: the next fetch takes everything. */
  #isDoubtful = false;
  /** When everything may be received for that reason again, in milliseconds since the epoch. */
  #wholeAt = 0;
  /** What must not be lost by beginning anew. */
  #held: readonly string[] = [];
  readonly #stop = new AbortController();

  constructor(parts: ReceivingParts) {
    this.#parts = parts;
    this.#growth = new MirrorGrowth(parts.mirror, parts);
    this.store = new ObjectStore(parts.mirror.gitdir, parts.where, (oid) => {
      if (parts.mirror.has(oid)) this.doubt();
    });
  }

  /** Whether even the accepted commit has to be received again. */
  get isDoubtful(): boolean {
    return this.#isDoubtful && this.#parts.clock.now() >= this.#wholeAt;
  }

  /** The packs that are vouched for turn out to lack something, or to be damaged. */
  doubt(): void {
    if (this.#isDoubtful) return;
    this.#isDoubtful = true;
    this.#parts.logger.warn(
      { repository: this.#parts.where },
      'mirror is damaged: the repository is received anew',
    );
  }

  /** From now on the mirror is not made smaller by losing one of these commits. */
  mustHold(commits: readonly string[]): void {
    this.#held = commits;
  }

  /** Gives the commit of a ref, or of an id, with all its objects readable and checked. */
  async receive(want: string, use: Use, signal: AbortSignal): Promise<string> {
    const { commit } = this.#parts.mirror;
    const mustTakeAll = this.isDoubtful || commit === undefined;
    const renewed =
      mustTakeAll || use === 'keep aside' ? undefined : await this.#renew(want, signal);
    const known = mustTakeAll ? undefined : commit;
    const received = renewed ?? (await this.#take({ want, use, known }, signal));
    // A task of its own: whoever asked for the head does not wait for it.
    if (this.#growth.hasManyPacks) {
      const refresh = (): Promise<void> => this.store.refresh();
      void this.queue.add(() => this.#growth.joinPacks(this.#stop.signal, refresh));
    }
    return received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { mirror, transport } = this.#parts;
    this.#stop.abort();
    await transport[Symbol.asyncDispose]();
    await this.queue.onIdle();
    await this.store[Symbol.asyncDispose]();
    await mirror[Symbol.asyncDispose]();
  }

  /** Takes everything in place of what has grown too large; undefined when it has not, or the server does not do it. */
  async #renew(want: string, signal: AbortSignal): Promise<string | undefined> {
    if (!this.#growth.isOvergrown) return undefined;
    try {
      return await this.#take(
        { want, use: 'accept', known: undefined, mustHold: this.#held },
        AbortSignal.any([signal, AbortSignal.timeout(renewalPatienceMs)]),
      );
    } catch (error) {
      signal.throwIfAborted();
      this.#growth.allowMore(messageOf(error));
      return undefined;
    }
  }

  async #take({ want, use, known, mustHold = [] }: Wanted, signal: AbortSignal): Promise<string> {
    const { store } = this;
    const { mirror, transport, clock, where } = this.#parts;
    const have =
      known === undefined ? undefined : { oid: known, bytes: await store.commitBytes(known) };
    const gitdir = mirror.incoming;
    const commit = await askOnceMore(clock, signal, () =>
      fetchWanted(transport, { gitdir, want, have, signal }),
    );
    const admitted = await mirror.admit();
    if (known === undefined && mirror.commit !== undefined) {
      this.#wholeAt = clock.now() + wholeEveryMs;
    }
    const has = (oid: string): boolean =>
      admitted.some(({ index }) => index.has(oid)) || (known !== undefined && mirror.has(oid));
    try {
      if (want === commit && !has(commit)) throw missingCommit(commit, where);
      await (known === undefined ? store.reopen() : store.refresh());
      if (want.startsWith('refs/tags/')) await store.peel(commit);
      await checkConnectivity(store, has, commit, known, signal);
      const lost = mustHold.find((held) => !has(held));
      if (lost !== undefined) {
        throw new Error(`the commit in force, ${lost.slice(0, 12)}, would be lost`);
      }
      if (use === 'keep aside') {
        mirror.keepAside(admitted);
      } else {
        // What is in force and not among it may be whole in what we have.
        const isAll = known === undefined && this.#held.every(has);
        await mirror.accept(commit, admitted, isAll ? 'replace' : 'add');
        if (known === undefined) this.#isDoubtful = false;
      }
    } catch (error) {
      await mirror.reject();
      const isOurs = error instanceof StalledError || signal.aborted;
      if (!isOurs && known !== undefined) this.#isDoubtful = true;
      throw error;
    } finally {
      await store.refresh();
    }
    return commit;
  }
}
