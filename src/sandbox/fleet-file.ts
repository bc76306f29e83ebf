import { stringify } from 'yaml';

import type { HostDescription } from './sandbox-host.ts';

const zones = ['a', 'b', 'c'];

/** A `fleet.yaml` that names the hosts of a sandbox, with labels to place by: three zones, and one host with an SSD. */
export function renderFleetFile(fleetName: string, hosts: readonly HostDescription[]): string {
  return stringify({
    name: fleetName,
    hosts: hosts.map(({ name, endpoint, address }, index) => ({
      name,
      endpoint,
      address,
      labels: {
        zone: zones[index % zones.length],
        ...(index === 0 && { disk: 'ssd' }),
      },
    })),
  });
}
