import {
  child,
  complain,
  complainAtKey,
  isEmptyOrNull,
  isPresent,
  items,
  readNumber,
  readText,
  type Cursor,
} from '../cursor.ts';
import type { Rule } from './rule.ts';

/** Devices such as GPUs are asked for by their number or by their ids. */
export const devicesAreCountedOrNamed: Rule = ({ services }) => {
  for (const service of services.values()) {
    const reserved = child(service, 'deploy', 'resources', 'reservations', 'devices');
    for (const request of [...items(reserved), ...items(child(service, 'gpus'))]) judge(request);
  }
};

function judge(request: Cursor): void {
  const count = child(request, 'count');
  const ids = child(request, 'device_ids');
  if (isPresent(count) && isPresent(ids)) {
    complainAtKey(
      ids,
      'conflicting-keys',
      'a device request cannot have both "count" and "device_ids"',
      'Remove one of the two',
    );
  }
  if (isEmptyOrNull(count) || readText(count) === 'all' || isCount(readNumber(count))) return;
  complain(count, 'invalid-value', `"${readText(count)}" is not a number of devices, nor "all"`);
}

/** The engine takes −1 for all. */
function isCount(value: number | null): boolean {
  return value !== null && Number.isSafeInteger(value) && value >= -1;
}
