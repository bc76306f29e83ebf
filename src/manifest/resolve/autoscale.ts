import type { ServiceSpec } from '../../model/application.ts';
import type { QuerySpec } from '../../model/autoscale.ts';
import { present } from '../../model/present.ts';
import { child, isEmptyOrNull, readNumber, readText, readWith, type Cursor } from '../cursor.ts';
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
        prometheus: resolveQuery(child(cursor, 'prometheus')),
      }),
      stabilizationMs: readDuration(child(cursor, 'stabilization')) ?? defaultStabilizationMs,
      intervalMs: readDuration(child(cursor, 'interval')) ?? defaultIntervalMs,
    },
  };
}

function resolveQuery(cursor: Cursor): QuerySpec | null {
  const query = readText(child(cursor, 'query'));
  const target = readNumber(child(cursor, 'target'));
  return query === null || target === null ? null : { query, target };
}
