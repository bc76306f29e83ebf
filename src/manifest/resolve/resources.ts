import type { Resources } from '../../model/container.ts';
import { canonicalCpuset } from '../../model/cpuset.ts';
import {
  child,
  complain,
  complainAtKey,
  isPresent,
  readNumber,
  readText,
  readWith,
  type Cursor,
} from '../cursor.ts';
import { parseBytes } from '../scalars/bytes.ts';
import { parseCpus } from '../scalars/cpus.ts';
import { present } from '../../model/present.ts';

/** Microseconds: the period of the CPU quota unless another is set. */
const defaultCpuPeriod = 100_000;

/** Limits and reservations: those of `deploy.resources`, and the older keys of the service that mean the same. */
export function resolveResources(service: Cursor): Resources {
  const resources = child(service, 'deploy', 'resources');
  const limits = child(resources, 'limits');
  const reservations = child(resources, 'reservations');
  const memoryBytes = twins(child(limits, 'memory'), child(service, 'mem_limit'), (cursor) =>
    positive(readWith(cursor, parseBytes)),
  );
  const memorySwapBytes = readSwap(child(service, 'memswap_limit'), memoryBytes);
  return {
    memoryBytes,
    memoryReservationBytes: twins(
      child(reservations, 'memory'),
      child(service, 'mem_reservation'),
      (cursor) => positive(readWith(cursor, parseBytes)),
    ),
    nanoCpus: readCpus(service, limits),
    pids: twins(child(limits, 'pids'), child(service, 'pids_limit'), (cursor) =>
      positive(readNumber(cursor)),
    ),
    ...present({
      memorySwapBytes,
      cpuPeriod: readPeriod(service),
      cpuShares: positive(readInteger(child(service, 'cpu_shares'), 2, 262_144)),
      cpuset: readCpuset(child(service, 'cpuset')),
      blockWeight: positive(readInteger(child(service, 'blkio_config', 'weight'), 10, 1_000)),
    }),
  };
}

/** Two keys with one meaning: that both agree is for the rules to say. */
function twins<T>(key: Cursor, older: Cursor, read: (cursor: Cursor) => T | null): T | null {
  return read(key) ?? read(older);
}

/** `cpus`, or the older quota per period, as billionths of a CPU. */
function readCpus(service: Cursor, limits: Cursor): number | null {
  const cpus = child(limits, 'cpus');
  const read = (cursor: Cursor): number | null => positive(readWith(cursor, parseCpus));
  const nanoCpus = twins(cpus, child(service, 'cpus'), read);
  const quota = child(service, 'cpu_quota');
  const microseconds = positive(readInteger(quota, -1, Number.MAX_SAFE_INTEGER));
  if (microseconds === null) return nanoCpus;
  if (nanoCpus !== null) {
    complainAtKey(
      quota,
      'conflicting-keys',
      'a service cannot have both "cpus" and "cpu_quota": the engine takes one of them',
      'Remove cpu_quota and cpu_period',
    );
  }
  const period = readInteger(child(service, 'cpu_period'), 0, 1_000_000) || defaultCpuPeriod;
  return Math.round((microseconds / period) * 1e9);
}

/** A period is part of a quota; `cpus` comes with its own. */
function readPeriod(service: Cursor): number | null {
  const cursor = child(service, 'cpu_period');
  const period = readInteger(cursor, 1_000, 1_000_000);
  if (period === null) return null;
  if (!isPresent(child(service, 'cpu_quota'))) {
    const message = '"cpu_period" needs "cpu_quota"';
    complainAtKey(cursor, 'missing-key', message, 'Use deploy.resources.limits.cpus');
  }
  return period === defaultCpuPeriod ? null : period;
}

/** The engine gives twice the memory by itself. */
function readSwap(cursor: Cursor, memoryBytes: number | null): number | null {
  const text = readText(cursor);
  const bytes = text === '-1' ? -1 : readWith(cursor, parseBytes);
  if (bytes === null || bytes === 0) return null;
  if (memoryBytes === null) {
    complainAtKey(
      cursor,
      'missing-key',
      '"memswap_limit" needs a limit of memory',
      'Add mem_limit',
    );
  } else if (bytes !== -1 && bytes < memoryBytes) {
    complain(cursor, 'invalid-value', '"memswap_limit" is memory and swap: it cannot be less');
  }
  return bytes === (memoryBytes ?? 0) * 2 ? null : bytes;
}

/** `0,1,2` and `0-2` are one set. */
function readCpuset(cursor: Cursor): string | null {
  const text = readText(cursor);
  if (text === null || text === '') return null;
  const cpus = canonicalCpuset(text);
  if (cpus === null) {
    const message = `"${text}" is not a set of CPUs: expected numbers and ranges, such as 0-2,4`;
    complain(cursor, 'invalid-value', message);
  }
  return cpus;
}

/** A whole number, or null; one that is out of bounds is reported. */
export function readInteger(cursor: Cursor, least: number, most: number): number | null {
  const value = readNumber(cursor);
  const text = readText(cursor);
  if (text === null || text === '') return null;
  if (value !== null && Number.isSafeInteger(value) && (value === 0 || value >= least)) {
    if (value <= most) return value;
  }
  const bounds = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `${least} to ${most}`;
  complain(cursor, 'invalid-value', `"${text}" is not a whole number: expected ${bounds}`);
  return null;
}

/** Zero and -1 both mean: no limit. */
function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}
