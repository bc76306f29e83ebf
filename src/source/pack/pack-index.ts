import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';

import type { IndexedObject } from './format-pack-index.ts';

const magic = 0xff744f63;
const namesAt = 8 + 1024;
const trailerBytes = 40;

/** What one pack holds and where, read from its index (version 2), which is the only one that is written today. */
export class PackIndex {
  readonly #bytes: Buffer;
  readonly #count: number;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#count = bytes.readUInt32BE(8 + 4 * 255);
  }

  /**
   * Reads an index.
   *
   * @throws Error when it is missing, cut or damaged
   */
  static async open(file: string): Promise<PackIndex> {
    const bytes = await readFile(file);
    const isIndex = bytes.length >= namesAt + trailerBytes && bytes.readUInt32BE(0) === magic;
    if (!isIndex || bytes.readUInt32BE(4) !== 2) throw new Error('the index of a pack is cut');
    const sum = createHash('sha1').update(bytes.subarray(0, -20)).digest();
    if (!sum.equals(bytes.subarray(-20))) throw new Error('the index of a pack is damaged');
    return new PackIndex(bytes);
  }

  /**
   * Reads a pack and its index, and checks both by their own SHA-1 trailers and against each other.
   *
   * @param base path of both files without `.pack` and `.idx`
   * @throws Error when one is missing, cut, damaged or belongs to another pack
   */
  static async openVerified(base: string): Promise<PackIndex> {
    const trailer = await verifiedTrailer(`${base}.pack`);
    const index = await PackIndex.open(`${base}.idx`);
    if (trailer.equals(index.#bytes.subarray(-trailerBytes, -20))) return index;
    throw new Error('the index of a pack belongs to another');
  }

  /** Whether the pack holds the object. */
  has(oid: string): boolean {
    return this.#find(oid) !== null;
  }

  /** Where in the pack the object begins; null when the pack does not hold it. */
  offset(oid: string): number | null {
    const found = this.#find(oid);
    return found === null ? null : this.#offsetAt(found);
  }

  /** Where all objects begin, in no order. */
  offsets(): Float64Array {
    return Float64Array.from({ length: this.#count }, (_, at) => this.#offsetAt(at));
  }

  /** All that the pack holds, in the order of the pack. */
  objects(): readonly IndexedObject[] {
    const sums = namesAt + 20 * this.#count;
    const objects = Array.from({ length: this.#count }, (_, at) => ({
      oid: this.#bytes.toString('hex', namesAt + 20 * at, namesAt + 20 * (at + 1)),
      crc: this.#bytes.readUInt32BE(sums + 4 * at),
      offset: this.#offsetAt(at),
    }));
    return objects.toSorted((a, b) => a.offset - b.offset);
  }

  #find(oid: string): number | null {
    const wanted = Buffer.from(oid, 'hex');
    const first = wanted[0] ?? 0;
    let low = first === 0 ? 0 : this.#bytes.readUInt32BE(8 + 4 * (first - 1));
    let high = this.#bytes.readUInt32BE(8 + 4 * first);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = namesAt + 20 * middle;
      const order = this.#bytes.compare(wanted, 0, 20, at, at + 20);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return null;
  }

  /** The highest bit says that the offset stands in a table of long ones. */
  #offsetAt(at: number): number {
    const short = namesAt + 24 * this.#count;
    const offset = this.#bytes.readUInt32BE(short + 4 * at);
    if (offset < 0x8000_0000) return offset;
    const long = short + 4 * this.#count + 8 * (offset - 0x8000_0000);
    return Number(this.#bytes.readBigUInt64BE(long));
  }
}

/** The last 20 bytes of a pack, which are the SHA-1 of all the others. */
async function verifiedTrailer(file: string): Promise<Buffer> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  if (size < 32) throw new Error('a pack is cut');
  const trailer = Buffer.alloc(20);
  await handle.read(trailer, 0, 20, size - 20);
  const sum = createHash('sha1');
  for await (const chunk of createReadStream(file, { end: size - 21 })) sum.update(chunk as Buffer);
  if (!sum.digest().equals(trailer)) {
    throw new Error('a pack is cut or damaged: its SHA-1 is not the one it ends with');
  }
  return trailer;
}
