import type { ServiceSpec } from '../model/application.ts';
import type { HostSpec } from '../model/fleet.ts';
import type { HostName } from '../model/names.ts';
import type { HostObservation } from '../model/observation.ts';
import { admits } from './constraint.ts';
import { dataOfVersions } from './host-ties.ts';
import { foreignHolder } from './host-ports.ts';
import { needsOf } from './needs.ts';

/**
 * Hosts on which a slot that failed could be tried next: they admit the service and were not tried. A service with data on
 * its host stays where its data is, a global one has a slot per host, and one that shares something is where the other one is.
 */
export function otherHosts(
  service: ServiceSpec,
  hosts: readonly HostSpec[],
  observations: ReadonlyMap<HostName, HostObservation>,
  tried: ReadonlySet<HostName>,
): readonly HostName[] {
  const isTied = service.mode === 'global' || service.container.shares !== undefined;
  if (isTied || dataOfVersions(service) !== null) return [];
  const needs = needsOf(service);
  return hosts
    .filter((spec) => {
      const observation = observations.get(spec.name);
      if (tried.has(spec.name) || observation?.kind !== 'reachable') return false;
      const candidate = { spec, engine: observation.engine };
      const isAdmitted = service.constraints.every((constraint) => admits(candidate, constraint));
      return isAdmitted && foreignHolder(needs(spec.name).ports, observation.unmanaged) === null;
    })
    .map(({ name }) => name);
}
