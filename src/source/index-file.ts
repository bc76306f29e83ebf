import { createHash } from 'node:crypto';

/** One line of a repository's index: a file as it was last checked out or added. */
export interface IndexEntry {
  readonly path: string;
  /** Not 0 while a merge is not resolved. */
  readonly stage: number;
  /** As in a tree, as a number. */
  readonly mode: number;
  readonly oid: string;
  /** It is left out of the working tree, or only meant to be added. */
  readonly isSpecial: boolean;
  /** As stored, with its padding. */
  readonly raw: Buffer;
}

const fixedBytes = 62;
const trailerBytes = 20;

/**
 * Reads the index of a repository, versions 2 and 3. Git's optional extensions are passed over: they are caches.
 *
 * @throws RangeError when it is damaged, or of a kind in which this does not see every file
 */
export function parseIndex(bytes: Buffer): readonly IndexEntry[] {
  const version = bytes.length < 32 ? 0 : bytes.readUInt32BE(4);
  if (bytes.toString('latin1', 0, 4) !== 'DIRC' || version === 0) {
    throw new RangeError('its index is damaged');
  }
  if (version !== 2 && version !== 3) throw new RangeError(`its index has version ${version}`);
  const entries: IndexEntry[] = [];
  let at = 12;
  for (let left = bytes.readUInt32BE(8); left > 0; left -= 1) {
    const flags = bytes.readUInt16BE(at + 60);
    const isExtended = (flags & 0x4000) !== 0;
    const nameAt = at + fixedBytes + (isExtended ? 2 : 0);
    const end = bytes.indexOf(0, nameAt);
    if (end === -1) throw new RangeError('its index is cut');
    const next = at + paddedLength(end - at);
    entries.push({
      path: bytes.toString('utf8', nameAt, end),
      stage: (flags >> 12) & 3,
      mode: bytes.readUInt32BE(at + 24),
      oid: bytes.toString('hex', at + 40, at + 60),
      isSpecial: isExtended && (bytes.readUInt16BE(at + fixedBytes) & 0x6000) !== 0,
      raw: bytes.subarray(at, next),
    });
    at = next;
  }
  refuseExtensions(bytes, at);
  return entries;
}

/** Signatures in lower case change the meaning of the entries: a part of them may stand in another file. */
function refuseExtensions(bytes: Buffer, from: number): void {
  for (let at = from; at + 8 <= bytes.length - trailerBytes;) {
    const signature = bytes.toString('latin1', at, at + 4);
    if (!/^[A-Z]/.test(signature)) {
      throw new RangeError(`its index is split or sparse (extension "${signature}")`);
    }
    at += 8 + bytes.readUInt32BE(at + 4);
  }
}

/** What the file system says of a file: by it Git knows without reading that it was not changed since. */
export interface FileFacts {
  readonly ctimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly size: bigint;
}

export function indexEntry(path: string, mode: number, oid: string, facts: FileFacts): IndexEntry {
  const name = Buffer.from(path);
  const raw = Buffer.alloc(paddedLength(fixedBytes + name.length));
  const { ctimeNs, mtimeNs, dev, ino, uid, gid, size } = facts;
  const billion = 1_000_000_000n;
  const times = [ctimeNs / billion, ctimeNs % billion, mtimeNs / billion, mtimeNs % billion];
  for (const [index, value] of [...times, dev, ino, BigInt(mode), uid, gid, size].entries()) {
    raw.writeUInt32BE(Number(value & 0xffff_ffffn), 4 * index);
  }
  raw.write(oid, 40, 'hex');
  raw.writeUInt16BE(Math.min(name.length, 0xfff), 60);
  name.copy(raw, fixedBytes);
  return { path, stage: 0, mode, oid, isSpecial: false, raw };
}

export function formatIndex(entries: readonly IndexEntry[]): Buffer {
  const sorted = entries.toSorted(
    (a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)) || a.stage - b.stage,
  );
  const head = Buffer.from('DIRC........');
  head.writeUInt32BE(entries.some(({ raw }) => (raw.readUInt16BE(60) & 0x4000) !== 0) ? 3 : 2, 4);
  head.writeUInt32BE(entries.length, 8);
  const body = Buffer.concat([head, ...sorted.map(({ raw }) => raw)]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

/** Entries are padded by 1 to 8 zero bytes to a multiple of 8. */
function paddedLength(length: number): number {
  return (length + 8) & ~7;
}
