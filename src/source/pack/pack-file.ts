import { open, type FileHandle } from 'node:fs/promises';

import { BoundedCache } from '../bounded-cache.ts';
import { applyDelta, deltaResultSize } from './delta.ts';
import { inflateEntry } from './inflate-entry.ts';
import { maxHeaderBytes, readPackEntry, type ObjectType, type PackEntry } from './pack-entry.ts';
import { PackIndex } from './pack-index.ts';
import { TooLargeError } from './too-large.ts';

export interface StoredObject {
  readonly type: ObjectType;
  readonly bytes: Buffer;
}

/** Objects that others are differences to, by their place. One cache serves all packs of a repository. */
export type BaseCache = BoundedCache<string, StoredObject>;

export function createBaseCache(maxBytes: number): BaseCache {
  return new BoundedCache(maxBytes, ({ bytes }) => bytes.length);
}

/** The chain of an object: whole at its end, or up to a base that is known already. */
interface Chain {
  readonly base: StoredObject;
  /** The last applies to the base. */
  readonly deltas: readonly { readonly offset: number; readonly delta: Buffer }[];
}

/** Bases may be larger than what is made of them; larger ones are those of no manifest. */
const maxBaseBytes = 512 * 1024 ** 2;
const sumBytes = 20;

/** One pack of a repository, read in place. It stays readable when it is deleted, as `git gc` does, until it is closed. */
export class PackFile {
  readonly #base: string;
  readonly #index: PackIndex;
  readonly #bases: BaseCache;
  /** Where entries begin, in order: each ends where the next one begins. */
  readonly #starts: Float64Array;
  #handle: Promise<FileHandle> | null = null;

  private constructor(base: string, index: PackIndex, bases: BaseCache) {
    this.#base = base;
    this.#index = index;
    this.#bases = bases;
    this.#starts = index.offsets().toSorted();
  }

  /**
   * @param base path of pack and index without `.pack` and `.idx`
   * @throws Error when the index is missing or damaged
   */
  static async open(base: string, bases: BaseCache): Promise<PackFile> {
    return new PackFile(base, await PackIndex.open(`${base}.idx`), bases);
  }

  has(oid: string): boolean {
    return this.#index.has(oid);
  }

  /**
   * The object, or null when the pack does not hold it.
   *
   * @throws TooLargeError, before it is made
   * @throws Error when it is damaged
   */
  async read(oid: string, maxBytes: number): Promise<StoredObject | null> {
    const offset = this.#index.offset(oid);
    if (offset === null) return null;
    const { base, deltas } = await this.#chain(offset, maxBytes);
    let object = base;
    for (const { offset: at, delta } of deltas.toReversed()) {
      const bytes = applyDelta(object.bytes, delta, maxBaseBytes);
      object = { type: object.type, bytes };
      this.#bases.set(this.#keyOf(at), object);
    }
    if (object.bytes.length > maxBytes) throw new TooLargeError(object.bytes.length);
    return object;
  }

  async close(): Promise<void> {
    const handle = await this.#handle?.catch(() => null);
    this.#handle = null;
    await handle?.close();
  }

  async #chain(from: number, maxBytes: number): Promise<Chain> {
    const deltas: { readonly offset: number; readonly delta: Buffer }[] = [];
    for (let offset = from; ;) {
      const known = this.#bases.get(this.#keyOf(offset));
      if (known !== undefined) return { base: known, deltas };
      const bytes = await this.#bytesAt(offset);
      const entry = readPackEntry(bytes.subarray(0, maxHeaderBytes), offset);
      const limit = deltas.length === 0 && entry.type !== null ? maxBytes : maxBaseBytes;
      if (entry.size > limit) throw new TooLargeError(entry.size);
      const { content } = inflateEntry(bytes.subarray(entry.dataAt - offset), entry.size);
      if (entry.type !== null) {
        const base = { type: entry.type, bytes: content };
        this.#bases.set(this.#keyOf(offset), base);
        return { base, deltas };
      }
      const size = deltaResultSize(content);
      if (deltas.length === 0 && size > maxBytes) throw new TooLargeError(size);
      deltas.push({ offset, delta: content });
      offset = this.#offsetOf(entry, offset);
    }
  }

  #offsetOf({ base }: PackEntry, offset: number): number {
    if (base === null) throw new RangeError(`the entry at ${offset} has no base`);
    if ('offset' in base) return base.offset;
    const at = this.#index.offset(base.oid);
    if (at === null || at === offset) {
      throw new RangeError(`the entry at ${offset} has a base that is missing`);
    }
    return at;
  }

  /** The entry, from its header to its end. */
  async #bytesAt(offset: number): Promise<Buffer> {
    const handle = await (this.#handle ??= open(`${this.#base}.pack`));
    const end = this.#startAfter(offset) ?? (await handle.stat()).size - sumBytes;
    const bytes = Buffer.allocUnsafe(Math.max(0, end - offset));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
    return bytes.subarray(0, bytesRead);
  }

  #startAfter(offset: number): number | undefined {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#starts[low];
  }

  #keyOf(offset: number): string {
    return `${this.#base} ${offset}`;
  }
}
