import type { ServiceSpec } from '../../model/application.ts';
import type { FailurePolicy } from '../../model/fleet.ts';
import { child, complain, isPresent, readText, silent, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { readDuration } from './duration.ts';

const defaultLostAfterMs = 5 * 60_000;
/** Less, and the load of a moment is taken for the end of a host. */
const leastLostAfterMs = 1_000;

export function resolveFailurePolicy(failure: Cursor): FailurePolicy {
  const lostAfter = child(failure, 'lostAfter');
  const lostAfterMs = readDuration(lostAfter) ?? defaultLostAfterMs;
  if (lostAfterMs < leastLostAfterMs) {
    complain(lostAfter, 'invalid-value', '"lostAfter" must be 1s or longer');
  }
  return { lostAfterMs };
}

/** `x-fleetwright.replaceAfter` of a service, else of its application. */
export function resolveReplaceAfter(
  subject: Subject,
  service: Cursor,
): Pick<ServiceSpec, 'replaceAfterMs'> {
  const own = child(service, 'x-fleetwright', 'replaceAfter');
  const cursor = isPresent(own) ? own : child(subject.root, 'x-fleetwright', 'replaceAfter');
  if (!isPresent(cursor)) return {};
  if (readText(silent(cursor)) === 'never') return { replaceAfterMs: null };
  const replaceAfterMs = readDuration(cursor);
  return replaceAfterMs === null ? {} : { replaceAfterMs };
}
