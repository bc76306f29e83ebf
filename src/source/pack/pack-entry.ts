/** An object as a pack stores it: whole, or as the difference to another one. */
export interface PackEntry {
  readonly type: ObjectType | null;
  /** For a difference: where in the pack, or by which id, the object is found that it applies to. */
  readonly base: { readonly offset: number } | { readonly oid: string } | null;
  /** Bytes of the content, or of the difference, once inflated. */
  readonly size: number;
  /** Where the deflated bytes begin. */
  readonly dataAt: number;
}

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

const types: readonly (ObjectType | undefined)[] = [undefined, 'commit', 'tree', 'blob', 'tag'];
const byOffset = 6;
const byId = 7;

/** The longest header: a size of 10 bytes, and an id. */
export const maxHeaderBytes = 32;

/**
 * Reads the header of an entry, as git's documentation of the pack format has it.
 *
 * @param bytes what stands in the pack from `offset` on
 * @param offset where the entry begins in the pack; a base stands before it
 * @throws RangeError when it is cut or means nothing
 */
export function readPackEntry(bytes: Buffer, offset: number): PackEntry {
  let at = 0;
  const next = (): number => {
    const byte = bytes[at];
    if (byte === undefined) throw new RangeError(`the entry at ${offset} is cut`);
    at += 1;
    return byte;
  };
  const first = next();
  const kind = (first >> 4) & 7;
  let size = first & 15;
  let factor = 16;
  for (let byte = first; (byte & 0x80) !== 0; factor *= 128) {
    byte = next();
    size += (byte & 0x7f) * factor;
  }
  if (!Number.isSafeInteger(size)) throw new RangeError(`the entry at ${offset} is too large`);
  const type = types[kind];
  if (type !== undefined) return { type, base: null, size, dataAt: offset + at };
  if (kind === byOffset) {
    const base = offset - readDistance(next);
    if (base < 12 || base >= offset) throw new RangeError(`the entry at ${offset} has no base`);
    return { type: null, base: { offset: base }, size, dataAt: offset + at };
  }
  if (kind !== byId) throw new RangeError(`the entry at ${offset} is of an unknown type`);
  if (bytes.length < at + 20) throw new RangeError(`the entry at ${offset} is cut`);
  const oid = bytes.toString('hex', at, at + 20);
  return { type: null, base: { oid }, size, dataAt: offset + at + 20 };
}

/** Each continued byte counts one more than its bits say, so that every distance has one form only. */
function readDistance(next: () => number): number {
  let byte = next();
  let distance = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    byte = next();
    distance = (distance + 1) * 128 + (byte & 0x7f);
  }
  return distance;
}
