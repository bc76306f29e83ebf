import type { ServiceSpec } from '../../model/application.ts';
import { child, isPresent, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { readInteger } from './resources.ts';

const mostPriority = 1_000;

/** `x-fleetwright.priority` of a service, else of its application. */
export function resolvePriority(subject: Subject, service: Cursor): Pick<ServiceSpec, 'priority'> {
  const own = child(service, 'x-fleetwright', 'priority');
  const cursor = isPresent(own) ? own : child(subject.root, 'x-fleetwright', 'priority');
  const priority = readInteger(cursor, 0, mostPriority);
  return priority === null ? {} : { priority };
}
