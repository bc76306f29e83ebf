import type { ServiceSpec } from '../../model/application.ts';
import { present } from '../../model/present.ts';
import { child, isEmptyOrNull, readNumber, readWith, type Cursor } from '../cursor.ts';
import { parsePercentage } from '../scalars/percentage.ts';
import { readDuration } from './duration.ts';
import { replicasOf } from './replicas.ts';
import { readInteger } from './resources.ts';

const defaultStabilizationMs = 5 * 60_000;
const defaultIntervalMs = 15_000;
const mostReplicas = 100_000;

/** How many instances a service starts with, and by what load that changes: `x-fleetwright.autoscale`. */
export function resolveReplicas(service: Cursor): Pick<ServiceSpec, 'replicas' | 'autoscale'> {
  const written = readNumber(replicasOf(service)) ?? 1;
  const cursor = child(service, 'x-fleetwright', 'autoscale');
  if (isEmptyOrNull(cursor)) return { replicas: written };
  const min = readInteger(child(cursor, 'min'), 1, mostReplicas) || 1;
  const max = readInteger(child(cursor, 'max'), 1, mostReplicas) || min;
  return {
    replicas: Math.min(max, Math.max(min, written)),
    autoscale: {
      min,
      max,
      ...present({
        cpu: readWith(child(cursor, 'cpu'), parsePercentage),
        requestsPerSecond: readNumber(child(cursor, 'requestsPerSecond')),
      }),
      stabilizationMs: readDuration(child(cursor, 'stabilization')) ?? defaultStabilizationMs,
      intervalMs: readDuration(child(cursor, 'interval')) ?? defaultIntervalMs,
    },
  };
}
