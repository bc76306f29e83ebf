import { createHash } from 'node:crypto';

import { StalledError, TransientError } from '../../src/model/errors.ts';
import type { CommitSha } from '../../src/model/names.ts';
import { toCommitSha } from '../../src/model/names.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { TreeEntry } from '../../src/model/tree.ts';
import type { Source } from '../../src/source/source.ts';
import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { VirtualClock } from './virtual-clock.ts';

const branch = 'main';
/** A hint may get lost; this is how soon the repository is looked at anyway. */
const pollMs = 30_000;
const pathPattern = /^(fleet\.yaml|apps\/[a-z]+\/(compose\.yaml|[a-z0-9-]+\/conf\/level))$/;

/** Text of each file by its path. */
export type Files = Readonly<Record<string, string>>;

interface Commit {
  readonly revision: Revision;
  readonly entries: ReadonlyMap<string, TreeEntry>;
}

/** A Git repository with one branch, in memory, that people push to. */
export class SimulatedRepository {
  isReachable = true;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #commits = new Map<string, Commit>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #watchers = new Set<() => void>();
  #head: Commit | null = null;

  constructor(clock: VirtualClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Makes a commit of exactly these files and moves the branch to it. */
  push(files: Files, subject: string): CommitSha {
    const paths = Object.keys(files).toSorted();
    const entries = new Map(
      paths.map((path): [string, TreeEntry] => {
        if (!pathPattern.test(path)) throw new Error(`"${path}" is no manifest`);
        return [path, { path, kind: 'file', oid: this.#keep(files[path] ?? '') }];
      }),
    );
    const date = this.#clock.now();
    const listing = [...entries.values()].map(({ path, oid }) => `${path} ${oid}`).join('\n');
    const parent = this.#head?.revision.commit ?? '';
    const commit = toCommitSha(sha1(`${parent}\n${date}\n${subject}\n${listing}`));
    const author = 'Ada <ada@example.com>';
    this.#head = { revision: { branch, commit, author, date, subject }, entries };
    this.#commits.set(commit, this.#head);
    for (const hint of this.#watchers) hint();
    return commit;
  }

  /** What one process sees of it, over the network. */
  open(process: Process): Source {
    const answer = <T>(find: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        this.#clock.after(this.#random.integer(1, 80), () => {
          process.deliver(() => {
            try {
              if (!this.isReachable) throw new TransientError('GitUnreachable', 'no route to host');
              resolve(find());
            } catch (error) {
              reject(error);
            }
          });
        });
      });
    return {
      followed: { kind: 'branch', name: branch },
      head: () => answer(() => this.#find(this.#head?.revision.commit ?? '').revision),
      resolve: async (revision) => this.#find(revision).revision,
      // Nobody rewrites it.
      keep: () => undefined,
      isBehind: async () => true,
      message: async (commit) => this.#find(commit).revision.subject,
      // What has been fetched once is read from the mirror, which needs no network.
      tree: async (commit) => ({ commit, entries: this.#find(commit).entries, skipped: [] }),
      read: async (oid) => this.#blobs.get(oid) ?? new Uint8Array(),
      lastChange: async (_path, commit) => this.#find(commit).revision,
      versions: async (_paths, commit) => [this.#find(commit).revision],
      commit: () => Promise.reject(new StalledError('PushRefused', 'nobody may write here')),
      watch: (onHint) => this.#watch(process, onHint),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #watch(process: Process, onHint: () => void): AsyncDisposable {
    const hint = (): void => {
      if (!process.isAlive) return void this.#watchers.delete(hint);
      const isLost = this.#random.chance(0.1);
      const ms = isLost ? this.#random.integer(1, pollMs) : this.#random.integer(20, 500);
      this.#clock.after(ms, () => process.deliver(onHint));
    };
    // The regular look is only worth an event when a look has failed.
    const poll = (): void => {
      if (!process.isAlive) return;
      this.#clock.after(pollMs, () => {
        process.deliver(onHint);
        poll();
      });
    };
    this.#watchers.add(hint);
    poll();
    return {
      [Symbol.asyncDispose]: async () => void this.#watchers.delete(hint),
    };
  }

  #find(commit: string): Commit {
    const found = this.#commits.get(commit);
    if (found === undefined) throw new StalledError('RevisionNotFound', `no commit "${commit}"`);
    return found;
  }

  #keep(text: string): string {
    const bytes = Buffer.from(text);
    const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
    this.#blobs.set(oid, bytes);
    return oid;
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
