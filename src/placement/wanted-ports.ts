import { slotKey } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import { versionsOf } from '../model/variants.ts';
import type { HostPort } from './host-ports.ts';
import { fixedHostPorts } from './host-ports.ts';
import { needsOf } from './needs.ts';
import type { PlacedService } from './placed-service.ts';

/** Fixed host ports by the host that they are wanted on. */
export type WantedPorts = ReadonlyMap<HostName, readonly HostPort[]>;

/** The fixed host ports that the slots of these services are to have where they were placed. */
export function wantedPorts(
  services: readonly PlacedService[],
  assignments: ReadonlyMap<string, HostName>,
): WantedPorts {
  const wanted = new Map<HostName, HostPort[]>();
  const placed = services.filter(({ service }) =>
    versionsOf(service).some(({ container }) => fixedHostPorts(container).length > 0),
  );
  for (const { application, service } of placed) {
    const needs = needsOf(service);
    const prefix = slotKey({ application, service: service.name, slot: '' });
    for (const [key, host] of assignments) {
      if (!key.startsWith(prefix)) continue;
      wanted.set(host, [...(wanted.get(host) ?? []), ...needs(host).ports]);
    }
  }
  return wanted;
}
