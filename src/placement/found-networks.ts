import type { Board } from './board.ts';
import type { Candidate } from './candidates.ts';
import type { Demand } from './demand.ts';

/**
 * External networks of a service that some host has: its slots go where they are. One that no host has excludes none of them, for
 * then the network is to be made, and not another host to be found.
 */
export function foundNetworks(
  { candidates }: Board,
  { externalNetworks = [] }: Demand,
): readonly string[] {
  if (externalNetworks.length === 0) return [];
  const hosts = [...candidates.values()];
  return externalNetworks.filter((network) => hosts.some((host) => hasNetwork(host, network)));
}

export function hasNetwork({ observation }: Candidate, network: string): boolean {
  return observation.networks.some(({ name }) => name === network);
}
