import { TooLargeError } from './too-large.ts';

/**
 * Applies a difference, as git's documentation of the pack format has it: copies of parts of the base, and new bytes.
 *
 * @param maxBytes the largest result that is made
 * @throws RangeError when it does not fit the base or is damaged
 */
export function applyDelta(base: Buffer, delta: Buffer, maxBytes: number): Buffer {
  const [baseSize, afterBase] = readSize(delta, 0);
  const [size, start] = readSize(delta, afterBase);
  if (baseSize !== base.length) throw new RangeError('a difference is to another object');
  if (size > maxBytes) throw new TooLargeError(size);
  const result = Buffer.allocUnsafe(size);
  let at = start;
  let written = 0;
  while (at < delta.length) {
    const command = delta[at] ?? 0;
    at += 1;
    if ((command & 0x80) === 0) {
      if (command === 0 || at + command > delta.length || written + command > size) {
        throw new RangeError('a difference is damaged');
      }
      delta.copy(result, written, at, at + command);
      at += command;
      written += command;
      continue;
    }
    let from = 0;
    let length = 0;
    for (let bit = 0; bit < 7; bit += 1) {
      if ((command & (1 << bit)) === 0) continue;
      const byte = delta[at];
      if (byte === undefined) throw new RangeError('a difference is cut');
      at += 1;
      if (bit < 4) from += byte * 2 ** (8 * bit);
      else length += byte << (8 * (bit - 4));
    }
    if (length === 0) length = 0x1_0000;
    if (from + length > base.length || written + length > size) {
      throw new RangeError('a difference is damaged');
    }
    base.copy(result, written, from, from + length);
    written += length;
  }
  if (written !== size) throw new RangeError('a difference is cut');
  return result;
}

/** How large the result of a difference is. */
export function deltaResultSize(delta: Buffer): number {
  return readSize(delta, readSize(delta, 0)[1])[0];
}

/** A size of 7 bits a byte, the lowest first, and where the next thing begins. */
function readSize(bytes: Buffer, from: number): readonly [size: number, next: number] {
  let size = 0;
  let factor = 1;
  for (let at = from; ; at += 1, factor *= 128) {
    const byte = bytes[at];
    if (byte === undefined) throw new RangeError('a difference is cut');
    size += (byte & 0x7f) * factor;
    if (!Number.isSafeInteger(size)) throw new RangeError('a difference is damaged');
    if ((byte & 0x80) === 0) return [size, at + 1];
  }
}
