import type { ServiceSpec } from '../../model/application.ts';
import { present } from '../../model/present.ts';
import type { ProofSpec } from '../../model/proof.ts';
import { child, isEmptyOrNull, readNumber, readText, type Cursor } from '../cursor.ts';
import { readDuration } from './duration.ts';

const defaultDrainMs = 30_000;
const defaultIntervalMs = 200;
const defaultTimeoutMs = 5_000;

/** Where requests from outside come in for a service, under `x-fleetwright.expose`. */
export function resolveExposure(cursor: Cursor): Pick<ServiceSpec, 'expose'> {
  if (isEmptyOrNull(cursor)) return {};
  const path = readText(child(cursor, 'path')) ?? '/';
  return {
    expose: {
      host: (readText(child(cursor, 'host')) ?? '').toLowerCase(),
      path,
      port: readNumber(child(cursor, 'port')) ?? 0,
      drainTimeoutMs: readDuration(child(cursor, 'drainTimeout')) ?? defaultDrainMs,
      ...present({ proof: resolveProof(child(cursor, 'proof'), path) }),
    },
  };
}

function resolveProof(cursor: Cursor, path: string): ProofSpec | undefined {
  if (isEmptyOrNull(cursor)) return undefined;
  return {
    url: readText(child(cursor, 'url'))?.replace(/\/$/, '') ?? null,
    path: readText(child(cursor, 'path')) ?? path,
    intervalMs: readDuration(child(cursor, 'interval')) ?? defaultIntervalMs,
    timeoutMs: readDuration(child(cursor, 'timeout')) ?? defaultTimeoutMs,
    expectStatus: readNumber(child(cursor, 'expectStatus')),
    onFailure: readText(child(cursor, 'onFailure')) === 'fail' ? 'fail' : 'record',
  };
}
