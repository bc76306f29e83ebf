import fs from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { init } from 'isomorphic-git';
import type { Logger } from 'pino';

import { messageOf, TransientError } from '../model/errors.ts';
import { replaceFile, syncPath } from './durable-files.ts';
import { lockMirror } from './mirror-lock.ts';
import { PackIndex } from './pack/pack-index.ts';
import { writeJoinedPack } from './pack/write-joined-pack.ts';
import { packsToJoin } from './packs-to-join.ts';

/** What a mirror vouches for; written last, so that whatever it names is complete. */
interface Accepted {
  readonly version: 1;
  readonly url: string;
  readonly branch: string;
  readonly commit: string;
  /** Names of the packs, without folder and ending, that hold the commit and its history. */
  readonly packs: readonly string[];
  /** Bytes of the packs when the whole history was received last. */
  readonly wholeBytes?: number;
}

interface KeptPack {
  readonly index: PackIndex;
  readonly bytes: number;
}

/** A pack that was moved into the mirror and is not vouched for yet. */
export interface AdmittedPack extends KeptPack {
  readonly name: string;
}

export interface MirrorIdentity {
  readonly url: string;
  /** Or, in words, what is followed in place of a branch. */
  readonly branch: string;
}

const extensions = ['pack', 'idx'] as const;

/**
 * The packs of what is followed in the state folder. Its only ref is the file `accepted.json`; there is no moment at which
 * the process could be killed and leave a ref without its objects, because packs come in whole, by rename, before that
 * file names them, and what it does not name is removed when the mirror is opened.
 */
export class Mirror implements AsyncDisposable {
  /** The Git directory to read objects from. */
  readonly gitdir: string;
  /** A Git directory for what is being received, begun anew each time. */
  readonly incoming: string;
  /** A Git directory for what is to be pushed: it reaches the mirror only by being received again. */
  readonly outgoing: string;
  readonly #folder: string;
  readonly #identity: MirrorIdentity;
  readonly #lock: AsyncDisposable;
  #commit: string | undefined;
  #packs: ReadonlyMap<string, KeptPack> = new Map();
  #wholeBytes = 0;
  /** Packs that hold what somebody wanted to look at, beside the accepted commit: until the mirror is closed. */
  readonly #aside = new Map<string, PackIndex>();

  private constructor(folder: string, identity: MirrorIdentity, lock: AsyncDisposable) {
    this.gitdir = join(folder, 'mirror.git');
    this.incoming = join(folder, 'incoming.git');
    this.outgoing = join(folder, 'outgoing.git');
    this.#folder = folder;
    this.#identity = identity;
    this.#lock = lock;
  }

  /**
   * Opens the mirror of a folder, or begins one. A damaged one is begun anew.
   *
   * @throws StalledError `MirrorInUse`
   */
  static async open(folder: string, identity: MirrorIdentity, logger: Logger): Promise<Mirror> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const mirror = new Mirror(folder, identity, await lockMirror(folder));
    try {
      await mirror.#load(logger);
      if (mirror.commit === undefined) await mirror.#begin();
      await mirror.#removeOtherPacks();
      await rm(mirror.incoming, { recursive: true, force: true });
      await rm(mirror.outgoing, { recursive: true, force: true });
    } catch (error) {
      await mirror[Symbol.asyncDispose]();
      throw error;
    }
    return mirror;
  }

  /** The accepted commit; undefined before the first. */
  get commit(): string | undefined {
    return this.#commit;
  }

  get packCount(): number {
    return this.#packs.size;
  }

  get bytes(): number {
    return bytesOf(this.#packs.values());
  }

  /** What `bytes` was when the whole history was received last. */
  get wholeBytes(): number {
    return this.#wholeBytes;
  }

  /** Whether an accepted pack holds the object. */
  has(oid: string): boolean {
    return [...this.#packs.values()].some(({ index }) => index.has(oid));
  }

  /** Whether it can be read now: an accepted pack holds the object, or one that is kept aside. */
  holds(oid: string): boolean {
    return this.has(oid) || [...this.#aside.values()].some((index) => index.has(oid));
  }

  /**
   * Moves what was received into the mirror, once it is verified and on the disk.
   *
   * @throws TransientError `PackCorrupt`
   */
  async admit(): Promise<readonly AdmittedPack[]> {
    const from = join(this.incoming, 'objects', 'pack');
    const names = await packNames(from);
    const admitted: AdmittedPack[] = [];
    for (const name of names) {
      const index = await verified(join(from, name));
      const { size: bytes } = await stat(join(from, `${name}.pack`));
      for (const extension of extensions) {
        await syncPath(join(from, `${name}.${extension}`));
        await rename(join(from, `${name}.${extension}`), this.#packFile(name, extension));
      }
      admitted.push({ name, index, bytes });
    }
    await syncPath(this.#packFolder);
    return admitted;
  }

  /** Vouches for a commit that the admitted packs hold, alone or together with the packs that were there before. */
  async accept(
    commit: string,
    admitted: readonly AdmittedPack[],
    mode: 'add' | 'replace',
  ): Promise<void> {
    const kept = mode === 'add' ? this.#packs : [];
    const wholeBytes = mode === 'add' ? this.#wholeBytes : bytesOf(admitted);
    // They were received on top of what is gone then.
    if (mode === 'replace') this.#aside.clear();
    await this.#vouchFor(commit, new Map([...kept, ...byName(admitted)]), wholeBytes);
  }

  /**
   * Makes one pack of many small ones. Until that is vouched for the old ones are, so that a failure changes nothing.
   *
   * @throws Error when a pack is damaged, or the disk does not do
   */
  async joinPacks(signal: AbortSignal): Promise<void> {
    const commit = this.#commit;
    const sizes = new Map([...this.#packs].map(([name, { bytes }]) => [name, bytes]));
    const names = new Set(packsToJoin(sizes));
    if (commit === undefined || names.size < 2) return;
    const folder = join(this.incoming, 'objects', 'pack');
    await rm(this.incoming, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const bases = [...names].map((name) => join(this.#packFolder, name));
    const bytes = [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    try {
      await writeJoinedPack({ bases, folder }, bytes, signal);
      signal.throwIfAborted();
      const joined = await this.admit();
      const kept = [...this.#packs].filter(([name]) => !names.has(name));
      await this.#vouchFor(commit, new Map([...kept, ...byName(joined)]), this.#wholeBytes);
    } catch (error) {
      await this.reject();
      throw error;
    }
  }

  /** Keeps packs readable without vouching for them: they are gone when the mirror is opened again. */
  keepAside(admitted: readonly AdmittedPack[]): void {
    for (const { name, index } of admitted) this.#aside.set(name, index);
  }

  /** Removes everything that is not vouched for. */
  async reject(): Promise<void> {
    await this.#removeOtherPacks();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
  }

  get #acceptedFile(): string {
    return join(this.#folder, 'accepted.json');
  }

  get #packFolder(): string {
    return join(this.gitdir, 'objects', 'pack');
  }

  #packFile(name: string, extension: string): string {
    return join(this.#packFolder, `${name}.${extension}`);
  }

  /** From nothing: `init` leaves alone what has a `config`, also when it was killed right after writing that. */
  async #begin(): Promise<void> {
    await rm(this.gitdir, { recursive: true, force: true });
    await init({ fs, bare: true, dir: this.gitdir, gitdir: this.gitdir });
    await mkdir(this.#packFolder, { recursive: true });
  }

  async #load(logger: Logger): Promise<void> {
    const accepted = await readAccepted(this.#acceptedFile, this.#identity);
    if (accepted === undefined) return;
    try {
      const packs = new Map<string, KeptPack>();
      for (const name of accepted.packs) {
        const index = await PackIndex.openVerified(join(this.#packFolder, name));
        const { size: bytes } = await stat(this.#packFile(name, 'pack'));
        packs.set(name, { index, bytes });
      }
      this.#packs = packs;
      this.#wholeBytes = accepted.wholeBytes ?? bytesOf(packs.values());
      this.#commit = accepted.commit;
    } catch (error) {
      logger.warn(
        { mirror: this.#folder, reason: messageOf(error) },
        'mirror is damaged: the repository is cloned again',
      );
    }
  }

  async #vouchFor(
    commit: string,
    packs: ReadonlyMap<string, KeptPack>,
    wholeBytes: number,
  ): Promise<void> {
    const accepted: Accepted = {
      version: 1,
      ...this.#identity,
      commit,
      packs: [...packs.keys()],
      wholeBytes,
    };
    await replaceFile(this.#acceptedFile, `${JSON.stringify(accepted, null, 2)}\n`);
    this.#commit = commit;
    this.#packs = packs;
    this.#wholeBytes = wholeBytes;
    await this.#removeOtherPacks();
  }

  async #removeOtherPacks(): Promise<void> {
    for (const file of await readdir(this.#packFolder)) {
      const name = file.replace(/\.[a-z]+$/, '');
      if (this.#packs.has(name) || this.#aside.has(name)) continue;
      await rm(join(this.#packFolder, file), { force: true });
    }
  }
}

function byName(packs: readonly AdmittedPack[]): readonly (readonly [string, KeptPack])[] {
  return packs.map(({ name, index, bytes }) => [name, { index, bytes }]);
}

function bytesOf(packs: Iterable<KeptPack>): number {
  return [...packs].reduce((sum, { bytes }) => sum + bytes, 0);
}

async function verified(base: string): Promise<PackIndex> {
  try {
    return await PackIndex.openVerified(base);
  } catch (error) {
    throw new TransientError(
      'PackCorrupt',
      `Cannot accept what the server sent: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** A file that cannot be read, or that vouches for something else, vouches for nothing. */
async function readAccepted(file: string, identity: MirrorIdentity): Promise<Accepted | undefined> {
  try {
    const accepted = JSON.parse(await readFile(file, 'utf8')) as Accepted;
    const isOurs =
      accepted.version === 1 &&
      accepted.url === identity.url &&
      accepted.branch === identity.branch &&
      /^[0-9a-f]{40}$/.test(accepted.commit) &&
      Array.isArray(accepted.packs) &&
      accepted.packs.every((name) => /^pack-[0-9a-f]{40}$/.test(name));
    return isOurs ? accepted : undefined;
  } catch {
    return undefined;
  }
}

async function packNames(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  return files.filter((file) => file.endsWith('.pack')).map((file) => file.slice(0, -5));
}
