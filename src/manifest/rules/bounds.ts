import { child, isPresent, readBoolean, readWith, silent, warn, type Cursor } from '../cursor.ts';
import { rolloutKey } from '../resolve/rollout-key.ts';
import { parseShare } from '../scalars/share.ts';
import { lastingServices } from './lasting-services.ts';
import { reasonToReplaceInPlace } from './replaced-in-place.ts';
import type { Rule } from './rule.ts';

/** Bounds allow some change, and what a service says of them has an effect. */
export const boundsAllowChange: Rule = (subject) => {
  for (const [, service] of lastingServices(subject)) {
    const surge = rolloutKey(subject, service, 'maxSurge');
    const unavailable = rolloutKey(subject, service, 'maxUnavailable');
    if (isZero(surge) && isZero(unavailable)) {
      warn(
        unavailable,
        'ignored-value',
        '"maxSurge" and "maxUnavailable" are both 0, which allows no change: one instance is taken as unavailable',
        'Set one of them to 1 or more',
      );
    }
    judgeSurge(service);
  }
};

function judgeSurge(service: Cursor): void {
  const own = child(service, 'x-fleetwright', 'rollout', 'maxSurge');
  if (!isPresent(own) || isZero(own)) return;
  const isSingleton = readBoolean(child(service, 'x-fleetwright', 'singleton')) === true;
  const reason = isSingleton ? 'the service is a singleton' : reasonToReplaceInPlace(service);
  if (reason === null) return;
  const message = `"maxSurge" has no effect: an instance is stopped before its successor starts, because ${reason}`;
  warn(own, 'ignored-value', message, 'Bound such updates by maxUnavailable');
}

function isZero(cursor: Cursor): boolean {
  const share = readWith(silent(cursor), parseShare);
  if (share === null) return false;
  return (share.kind === 'count' ? share.count : share.percent) === 0;
}
