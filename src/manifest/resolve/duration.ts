import { complain, readTextWith, type Cursor } from '../cursor.ts';
import { parseDuration } from '../scalars/duration.ts';

/** A duration in milliseconds; a negative one is reported. */
export function readDuration(cursor: Cursor): number | null {
  const value = readTextWith(cursor, parseDuration);
  if (value === null || value >= 0) return value;
  complain(cursor, 'invalid-value', 'a duration must not be negative');
  return null;
}
