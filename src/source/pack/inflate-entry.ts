import { inflateSync } from 'node:zlib';

/** What `info: true` makes of it, which the types leave out. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Inflates the content of an entry. Never more than the entry says of itself, so that nothing small becomes something huge.
 *
 * @param bytes what stands in the pack from where the deflated bytes begin; more may follow
 * @param size that of the content, by the header of the entry
 * @returns the content, and how many bytes it took
 * @throws Error when it is damaged or of another size
 */
export function inflateEntry(
  bytes: Buffer,
  size: number,
): { readonly content: Buffer; readonly consumed: number } {
  const options = { info: true, maxOutputLength: Math.max(1, size), chunkSize: chunkFor(size) };
  const { buffer, engine } = inflateSync(bytes, options) as unknown as Inflated;
  if (buffer.length !== size) throw new RangeError('an entry is not as long as it says');
  return { content: buffer, consumed: engine.bytesWritten };
}

/** Room for all of it at once, within bounds: the default makes a large buffer for every small object. */
function chunkFor(size: number): number {
  return Math.min(Math.max(size, 64), 0x1_0000);
}
