import type { DriftValue } from '../model/drift.ts';
import { size, time } from './scalars.ts';

const sizes = /(?:^|\.)(?:memory|memswap_limit|shm_size)$/;
const times =
  /^(?:healthcheck\.(?:interval|timeout|start_period|start_interval)|stop_grace_period)$/;

/**
 * A value as a person would write it in a manifest; null for what is not one value.
 *
 * @param path as in a report on drift: `deploy.resources.limits.memory`
 */
export function writtenValue(path: string, value: DriftValue): string | null {
  if (value === null || typeof value === 'object') return null;
  if (typeof value !== 'number') return String(value);
  if (sizes.test(path)) return size(value);
  if (times.test(path)) return time(value);
  return path.endsWith('.cpus') ? String(value / 1e9) : String(value);
}
