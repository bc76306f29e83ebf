import type { ServiceSpec } from '../../model/application.ts';
import { present } from '../../model/present.ts';
import type { ProofSpec } from '../../model/proof.ts';
import { child, isEmptyOrNull, readBoolean, readNumber, readText, type Cursor } from '../cursor.ts';
import { readDuration } from './duration.ts';

const defaultDrainMs = 30_000;
const defaultIntervalMs = 200;
const defaultTimeoutMs = 5_000;

/** Where requests come in for a service, under `x-fleetwright.expose`. */
export function resolveExposure(
  application: string,
  service: string,
  cursor: Cursor,
): Pick<ServiceSpec, 'expose'> {
  if (isEmptyOrNull(cursor)) return {};
  const path = readText(child(cursor, 'path')) ?? '/';
  return {
    expose: {
      ...present({
        host: readText(child(cursor, 'host'))?.toLowerCase(),
        internal: resolveName(application, service, child(cursor, 'internal')),
      }),
      path,
      port: readNumber(child(cursor, 'port')) ?? 0,
      drainTimeoutMs: readDuration(child(cursor, 'drainTimeout')) ?? defaultDrainMs,
      ...present({ proof: resolveProof(child(cursor, 'proof'), path) }),
    },
  };
}

/** Names of services and applications may hold `_`, which many clients take for no part of a host. */
function resolveName(application: string, service: string, cursor: Cursor): string | null {
  const isNamed = readBoolean(cursor) === true || cursor.node?.kind === 'map';
  if (!isNamed) return null;
  const usual = `${service}.${application}.internal`.replaceAll('_', '-');
  return (readText(child(cursor, 'host')) ?? usual).toLowerCase();
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
