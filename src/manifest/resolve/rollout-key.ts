import type { RolloutPolicy } from '../../model/application.ts';
import { child, isPresent, readText, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';

/** A key of `x-fleetwright.rollout` as it holds for a service: its own, else the application's. A job has none. */
export function rolloutKey(subject: Subject, service: Cursor, key: string): Cursor {
  const own = child(service, 'x-fleetwright', 'rollout', key);
  return isPresent(own) ? own : child(subject.root, 'x-fleetwright', 'rollout', key);
}

export function readStrategy(subject: Subject, service: Cursor): RolloutPolicy['strategy'] {
  const text = readText(rolloutKey(subject, service, 'strategy'));
  return text === 'canary' || text === 'blue-green' ? text : 'rolling';
}
