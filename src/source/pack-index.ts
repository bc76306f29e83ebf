import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';

/** The object names of one pack, read from its index (version 2), which is the only one that is written today. */
export class PackIndex {
  readonly #names: Buffer;
  readonly #fanout: Buffer;

  private constructor(fanout: Buffer, names: Buffer) {
    this.#fanout = fanout;
    this.#names = names;
  }

  /**
   * Reads a pack and its index, and checks both by their own SHA-1 trailers and against each other.
   *
   * @param base path of both files without `.pack` and `.idx`
   * @throws Error when one is missing, cut, damaged or belongs to another pack
   */
  static async openVerified(base: string): Promise<PackIndex> {
    const trailer = await verifiedTrailer(`${base}.pack`);
    const idx = await readFile(`${base}.idx`);
    const isIndex = idx.length >= 1072 && idx.readUInt32BE(0) === 0xff744f63;
    if (!isIndex || idx.readUInt32BE(4) !== 2) throw new Error('the index of a pack is cut');
    const sum = createHash('sha1').update(idx.subarray(0, -20)).digest();
    if (!sum.equals(idx.subarray(-20))) throw new Error('the index of a pack is damaged');
    if (!trailer.equals(idx.subarray(-40, -20))) {
      throw new Error('the index of a pack belongs to another');
    }
    const fanout = idx.subarray(8, 8 + 1024);
    const count = fanout.readUInt32BE(1020);
    return new PackIndex(fanout, Buffer.from(idx.subarray(1032, 1032 + 20 * count)));
  }

  /** Whether the pack holds the object. */
  has(oid: string): boolean {
    const wanted = Buffer.from(oid, 'hex');
    const first = wanted[0] ?? 0;
    let low = first === 0 ? 0 : this.#fanout.readUInt32BE(4 * (first - 1));
    let high = this.#fanout.readUInt32BE(4 * first);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#names.compare(wanted, 0, 20, 20 * middle, 20 * middle + 20);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
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
