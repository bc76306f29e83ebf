import type { Amounts } from '../../model/fleet.ts';
import { present } from '../../model/present.ts';
import { child, readWith, type Cursor } from '../cursor.ts';
import { parseBytes } from '../scalars/bytes.ts';
import { parseCpus } from '../scalars/cpus.ts';
import { readInteger } from './resources.ts';

/** Null: no bound. */
export function readMaxPerHost(cursor: Cursor): number | null {
  return readInteger(cursor, 1, Number.MAX_SAFE_INTEGER) || null;
}

/** Null: none. */
export function readReservedCpus(service: Cursor): number | null {
  const cpus = child(service, 'deploy', 'resources', 'reservations', 'cpus');
  return readWith(cpus, parseCpus) || null;
}

/** `{ cpus: 1.5, memory: 2g }`, as far as it is written. */
export function resolveAmounts(cursor: Cursor): Partial<Amounts> {
  return present({
    nanoCpus: readWith(child(cursor, 'cpus'), parseCpus),
    memoryBytes: readWith(child(cursor, 'memory'), parseBytes),
  });
}
