import { createHash } from 'node:crypto';

export interface IndexedObject {
  readonly oid: string;
  /** Of the entry as it stands in the pack. */
  readonly crc: number;
  readonly offset: number;
}

const magic = 0xff744f63;
/** Offsets from here on stand in a table of their own. */
const longOffset = 0x8000_0000;

/**
 * The index of a pack, version 2, as `git index-pack` writes it.
 *
 * @param packSum the 20 bytes that the pack ends with
 */
export function formatPackIndex(objects: readonly IndexedObject[], packSum: Buffer): Buffer {
  const sorted = objects.toSorted((a, b) => (a.oid < b.oid ? -1 : a.oid > b.oid ? 1 : 0));
  const long = sorted.filter(({ offset }) => offset >= longOffset);
  const count = sorted.length;
  const names = 8 + 1024;
  const sums = names + 20 * count;
  const offsets = sums + 4 * count;
  const longOffsets = offsets + 4 * count;
  const end = longOffsets + 8 * long.length;
  const index = Buffer.alloc(end + 40);
  index.writeUInt32BE(magic, 0);
  index.writeUInt32BE(2, 4);
  let longs = 0;
  for (const [at, { oid, crc, offset }] of sorted.entries()) {
    index.write(oid, names + 20 * at, 'hex');
    index.writeUInt32BE(crc, sums + 4 * at);
    if (offset < longOffset) index.writeUInt32BE(offset, offsets + 4 * at);
    else {
      index.writeUInt32BE(longOffset + longs, offsets + 4 * at);
      index.writeBigUInt64BE(BigInt(offset), longOffsets + 8 * longs);
      longs += 1;
    }
  }
  writeFanout(index, sorted);
  packSum.copy(index, end);
  createHash('sha1')
    .update(index.subarray(0, -20))
    .digest()
    .copy(index, end + 20);
  return index;
}

/** For each first byte, how many objects have that or a lower one. */
function writeFanout(index: Buffer, sorted: readonly IndexedObject[]): void {
  let at = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    while (at < sorted.length && Number.parseInt(sorted[at]?.oid.slice(0, 2) ?? '', 16) <= byte) {
      at += 1;
    }
    index.writeUInt32BE(at, 8 + 4 * byte);
  }
}
