import type { ServiceSpec } from '../../model/application.ts';
import { child, isEmptyOrNull, readNumber, readText, type Cursor } from '../cursor.ts';
import { readDuration } from './duration.ts';

const defaultDrainMs = 30_000;

/** Where requests from outside come in for a service, under `x-fleetwright.expose`. */
export function resolveExposure(cursor: Cursor): Pick<ServiceSpec, 'expose'> {
  if (isEmptyOrNull(cursor)) return {};
  return {
    expose: {
      host: (readText(child(cursor, 'host')) ?? '').toLowerCase(),
      path: readText(child(cursor, 'path')) ?? '/',
      port: readNumber(child(cursor, 'port')) ?? 0,
      drainTimeoutMs: readDuration(child(cursor, 'drainTimeout')) ?? defaultDrainMs,
    },
  };
}
