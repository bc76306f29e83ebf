import { readFile } from 'node:fs/promises';
import { constants, inflateSync } from 'node:zlib';

import type { StoredObject } from './pack-file.ts';
import { TooLargeError } from './too-large.ts';

/** More than the deflated header of any object. */
const headBytes = 128;
const head = /^(commit|tree|blob|tag) (0|[1-9][0-9]{0,15})\0/;

/**
 * Reads an object that has a file of its own.
 *
 * @throws TooLargeError, before it is inflated
 * @throws Error when there is no such file, or it is damaged
 */
export async function readLoose(file: string, maxBytes: number): Promise<StoredObject> {
  const packed = await readFile(file);
  const begin = inflateSync(packed.subarray(0, headBytes), {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  const [header, type, digits] = head.exec(begin.toString('latin1')) ?? [];
  if (header === undefined) throw new RangeError('an object has no header');
  const size = Number(digits);
  if (size > maxBytes) throw new TooLargeError(size);
  const bytes = inflateSync(packed, { maxOutputLength: header.length + size });
  if (bytes.length !== header.length + size) {
    throw new RangeError('an object is not as long as it says');
  }
  return { type: type as StoredObject['type'], bytes: bytes.subarray(header.length) };
}
