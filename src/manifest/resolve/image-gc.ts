import type { ImageGc } from '../../model/fleet.ts';
import { child, readNumber, type Cursor } from '../cursor.ts';
import { readDuration } from './duration.ts';

const defaults = { unusedForMs: 7 * 24 * 3_600_000, keep: 3, atMost: 20 };

/** `image.gc` of fleet.yaml. */
export function resolveImageGc(gc: Cursor): ImageGc {
  return {
    unusedForMs: readDuration(child(gc, 'unusedFor')) ?? defaults.unusedForMs,
    keep: readNumber(child(gc, 'keep')) ?? defaults.keep,
    atMost: readNumber(child(gc, 'atMost')) ?? defaults.atMost,
    origin: gc.origin,
  };
}
