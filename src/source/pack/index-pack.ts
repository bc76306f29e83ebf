import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { applyDelta } from './delta.ts';
import { formatPackIndex, type IndexedObject } from './format-pack-index.ts';
import { inflateEntry } from './inflate-entry.ts';
import { maxHeaderBytes, readPackEntry, type ObjectType, type PackEntry } from './pack-entry.ts';
import { TooLargeError } from './too-large.ts';

export interface PackLimits {
  readonly maxObjects: number;
  /** Of one object, once inflated. */
  readonly maxObjectBytes: number;
  /** Of all objects, and of those that are held at once while differences are applied. */
  readonly maxTotalBytes: number;
}

export const packLimits: PackLimits = {
  maxObjects: 5_000_000,
  maxObjectBytes: 512 * 1024 ** 2,
  maxTotalBytes: 64 * 1024 ** 3,
};

const headerBytes = 12;
const sumBytes = 20;

/**
 * Checks every object of a pack and makes its index, byte for byte that of `git index-pack`.
 *
 * @param pack complete in itself: what it holds as differences applies to what it holds
 * @throws RangeError, or Error of zlib, when it is cut, damaged, incomplete or beyond the limits
 */
export function indexPack(pack: Buffer, limits: PackLimits): Buffer {
  const end = pack.length - sumBytes;
  const isPack = end >= headerBytes && pack.toString('latin1', 0, 4) === 'PACK';
  if (!isPack || pack.readUInt32BE(4) !== 2) throw new RangeError('it is no pack of version 2');
  const sum = createHash('sha1').update(pack.subarray(0, end)).digest();
  if (!sum.equals(pack.subarray(end))) {
    throw new RangeError('a pack is cut or damaged: its SHA-1 is not the one it ends with');
  }
  const count = pack.readUInt32BE(8);
  if (count > limits.maxObjects) throw new RangeError(`${count} objects are too many`);
  const scan = scanEntries(pack.subarray(0, end), count, limits);
  const resolved = resolveDeltas(pack.subarray(0, end), scan, limits);
  if (resolved.length < count) {
    throw new RangeError(`${count - resolved.length} objects are differences to missing ones`);
  }
  return formatPackIndex(resolved, sum);
}

interface ScannedEntry extends PackEntry {
  readonly offset: number;
  readonly crc: number;
  /** Of what is stored whole. */
  readonly oid: string | null;
}

/** Walks through the pack once. */
function scanEntries(pack: Buffer, count: number, limits: PackLimits): readonly ScannedEntry[] {
  const entries: ScannedEntry[] = [];
  let offset = headerBytes;
  let total = 0;
  for (let left = count; left > 0; left -= 1) {
    const entry = readPackEntry(pack.subarray(offset, offset + maxHeaderBytes), offset);
    total += entry.size;
    if (entry.size > limits.maxObjectBytes) throw new TooLargeError(entry.size);
    if (total > limits.maxTotalBytes) throw new RangeError('the objects together are too large');
    const { content, consumed } = inflateEntry(pack.subarray(entry.dataAt), entry.size);
    const next = entry.dataAt + consumed;
    const crc = crc32(pack.subarray(offset, next));
    const oid = entry.type === null ? null : oidOf(entry.type, content);
    entries.push({ ...entry, offset, crc, oid });
    offset = next;
  }
  if (offset !== pack.length) throw new RangeError('a pack goes on after its last object');
  return entries;
}

/** A difference whose base is known. */
interface Pending {
  readonly entry: ScannedEntry;
  readonly type: ObjectType;
  readonly base: Buffer;
}

/**
 * Applies the differences, each right after its base, so that only the objects of one chain, and what hangs on them, are
 * held at once.
 */
function resolveDeltas(
  pack: Buffer,
  entries: readonly ScannedEntry[],
  limits: PackLimits,
): readonly IndexedObject[] {
  const waiting = new Map<number | string, ScannedEntry[]>();
  for (const entry of entries) {
    if (entry.base === null) continue;
    const key = 'offset' in entry.base ? entry.base.offset : entry.base.oid;
    const others = waiting.get(key);
    if (others === undefined) waiting.set(key, [entry]);
    else others.push(entry);
  }
  const resolved: IndexedObject[] = [];
  let total = 0;
  const pending: Pending[] = [];
  const settle = (entry: ScannedEntry, oid: string, type: ObjectType, read: () => Buffer): void => {
    resolved.push({ oid, crc: entry.crc, offset: entry.offset });
    const next = [...(waiting.get(entry.offset) ?? []), ...(waiting.get(oid) ?? [])];
    if (next.length === 0) return;
    waiting.delete(entry.offset);
    waiting.delete(oid);
    const base = read();
    for (const each of next) pending.push({ entry: each, type, base });
  };
  for (const entry of entries) {
    const { oid, type } = entry;
    if (oid === null || type === null) continue;
    settle(entry, oid, type, () => contentOf(pack, entry));
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const content = applyDelta(next.base, contentOf(pack, next.entry), limits.maxObjectBytes);
      total += content.length;
      if (total > limits.maxTotalBytes) throw new RangeError('the objects together are too large');
      settle(next.entry, oidOf(next.type, content), next.type, () => content);
    }
  }
  return resolved;
}

function contentOf(pack: Buffer, { dataAt, size }: PackEntry): Buffer {
  return inflateEntry(pack.subarray(dataAt), size).content;
}

function oidOf(type: ObjectType, content: Buffer): string {
  return createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
}
