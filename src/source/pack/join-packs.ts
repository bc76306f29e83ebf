import { createHash } from 'node:crypto';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import { formatPackIndex, type IndexedObject } from './format-pack-index.ts';
import { maxHeaderBytes, readPackEntry } from './pack-entry.ts';
import { PackIndex } from './pack-index.ts';

const headerBytes = 12;
const sumBytes = 20;

/** Where in the new pack an object stands that may be in several of the old ones. */
type Places = Map<string, IndexedObject>;

/**
 * Writes one pack, and its index, of all that some packs hold. Entries are copied as they are stored, and checked against the
 * sums of their index, so that what has gone bad on the disk is not sealed anew; an object that several packs hold is taken
 * once. Since each pack is complete in itself, each difference finds its base in front of it.
 *
 * @param bases paths of the packs without `.pack` and `.idx`
 * @param folder where the new files go
 * @throws Error when a pack cannot be read or is damaged
 */
export async function joinPacks(bases: readonly string[], folder: string): Promise<void> {
  const indexes = await Promise.all(bases.map((base) => PackIndex.open(`${base}.idx`)));
  const lists = indexes.map((index) => index.objects());
  const count = new Set(lists.flatMap((objects) => objects.map(({ oid }) => oid))).size;
  const sum = createHash('sha1');
  const temporary = join(folder, 'joined');
  const file = await open(temporary, 'w');
  const places: Places = new Map();
  let packSum: Buffer;
  try {
    const write = async (parts: readonly Buffer[]): Promise<void> => {
      for (const part of parts) sum.update(part);
      await file.writev(parts);
    };
    await write([headerOf(count)]);
    let at = headerBytes;
    for (const [nth, base] of bases.entries()) {
      const pack = await readFile(`${base}.pack`);
      const parts = entriesOf(pack, lists[nth] ?? [], places, at);
      await write(parts);
      at += parts.reduce((size, part) => size + part.length, 0);
    }
    packSum = sum.digest();
    await file.write(packSum);
  } finally {
    await file.close();
  }
  const base = join(folder, `pack-${packSum.toString('hex')}`);
  await writeFile(`${base}.idx`, formatPackIndex([...places.values()], packSum));
  await rename(temporary, `${base}.pack`);
}

function headerOf(count: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write('PACK', 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(count, 8);
  return header;
}

/** What a pack holds and no earlier one did, for the place `from` of the new pack on. */
function entriesOf(
  pack: Buffer,
  objects: readonly IndexedObject[],
  places: Places,
  from: number,
): readonly Buffer[] {
  const parts: Buffer[] = [];
  /** Where what began at an offset of this pack begins now. */
  const moved = new Map<number, number>();
  let at = from;
  for (const [nth, { oid, crc, offset }] of objects.entries()) {
    const end = objects[nth + 1]?.offset ?? pack.length - sumBytes;
    const stored = pack.subarray(offset, end);
    if (crc32(stored) !== crc) throw new Error(`object ${oid} is damaged in its pack`);
    const known = places.get(oid);
    moved.set(offset, known?.offset ?? at);
    if (known !== undefined) continue;
    const entry = rebased(stored, offset, at, moved);
    places.set(oid, { oid, crc: entry === stored ? crc : crc32(entry), offset: at });
    parts.push(entry);
    at += entry.length;
  }
  return parts;
}

/** The entry as it has to stand at a place of the new pack: its base may be nearer or farther there. */
function rebased(
  stored: Buffer,
  offset: number,
  at: number,
  moved: ReadonlyMap<number, number>,
): Buffer {
  const { base, dataAt } = readPackEntry(stored.subarray(0, maxHeaderBytes), offset);
  if (base === null || 'oid' in base) return stored;
  const baseAt = moved.get(base.offset);
  if (baseAt === undefined) throw new Error(`the entry at ${offset} has no base`);
  if (at - baseAt === offset - base.offset) return stored;
  let sizeEnd = 1;
  while (((stored[sizeEnd - 1] ?? 0) & 0x80) !== 0) sizeEnd += 1;
  return Buffer.concat([
    stored.subarray(0, sizeEnd),
    formatDistance(at - baseAt),
    stored.subarray(dataAt - offset),
  ]);
}

/** Each continued byte counts one more than its bits say, so that every distance has one form only. */
function formatDistance(distance: number): Buffer {
  const bytes = [distance % 128];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1;
    bytes.unshift(0x80 | (rest % 128));
  }
  return Buffer.from(bytes);
}
