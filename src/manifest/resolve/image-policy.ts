import type { TagMoved } from '../../model/application.ts';
import type { ImagePolicy } from '../../model/fleet.ts';
import { child, complain, isEmptyOrNull, readText, type Cursor } from '../cursor.ts';
import { readDuration } from './duration.ts';
import { resolveImageGc } from './image-gc.ts';

const policies: readonly TagMoved[] = ['ignore', 'report', 'roll'];
const defaultIntervalMs = 5 * 60_000;
/** More often, and a registry takes it for an attack. */
const leastIntervalMs = 1_000;

export function resolveImagePolicy(image: Cursor): ImagePolicy {
  const interval = child(image, 'interval');
  const intervalMs = readDuration(interval) ?? defaultIntervalMs;
  if (intervalMs < leastIntervalMs) {
    complain(interval, 'invalid-value', 'the interval must be 1s or longer');
  }
  const gc = child(image, 'gc');
  return {
    tagMoved: resolveTagMoved(child(image, 'tagMoved')) ?? 'ignore',
    intervalMs,
    ...(isEmptyOrNull(gc) ? {} : { gc: resolveImageGc(gc) }),
  };
}

/** Null when it is not said. */
export function resolveTagMoved(cursor: Cursor): TagMoved | null {
  const text = readText(cursor);
  return policies.find((policy) => policy === text) ?? null;
}
