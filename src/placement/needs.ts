import type { ServiceSpec } from '../model/application.ts';
import type { Amounts } from '../model/fleet.ts';
import type { HostName } from '../model/names.ts';
import { serviceOn } from '../model/variants.ts';
import { fixedHostPorts, type HostPort } from './host-ports.ts';
import { reservationOf } from './room.ts';

/** What one slot of a service takes of its host. */
export interface Needs {
  readonly ports: readonly HostPort[];
  readonly reservation: Amounts;
}

/** What a slot takes of each host: the same of all, unless overrides say otherwise. */
export function needsOf(service: ServiceSpec): (host: HostName) => Needs {
  const needs = needsOfVersion(service);
  if (service.variants === undefined) return () => needs;
  const known = new Map<ServiceSpec, Needs>();
  return (host) => {
    const own = serviceOn(service, host);
    const before = known.get(own);
    if (before !== undefined) return before;
    const found = needsOfVersion(own);
    known.set(own, found);
    return found;
  };
}

function needsOfVersion(service: ServiceSpec): Needs {
  return { ports: fixedHostPorts(service.container), reservation: reservationOf(service) };
}
