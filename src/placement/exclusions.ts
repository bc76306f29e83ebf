import type { ServiceSpec } from '../model/application.ts';
import type { HostName } from '../model/names.ts';
import { serviceOn } from '../model/variants.ts';
import type { Board } from './board.ts';
import type { Candidate } from './candidates.ts';
import { admits } from './constraint.ts';
import { dataHomes, type DataHome } from './data-home.ts';
import type { Demand } from './demand.ts';
import type { Exclusion } from './explain.ts';
import { isHostOf } from '../model/namespace.ts';
import { foundNetworks, hasNetwork } from './found-networks.ts';
import { collides, foreignHolder, type HostPort } from './host-ports.ts';
import { shortages } from './room.ts';

/** What a service is bound to by what is on the hosts already. */
export interface Ties {
  readonly homes: readonly DataHome[];
  readonly networks: readonly string[];
}

export function tiesOf(board: Board, demand: Demand): Ties {
  return { homes: dataHomes(board, demand), networks: foundNetworks(board, demand) };
}

/**
 * Why a host may not take slots of a service, whatever else is placed: that it takes none, its namespace, its constraints, its data, its networks, a stranger's
 * port.
 */
export function lastingExclusions(
  { service, needs, namespace }: Demand,
  { homes, networks }: Ties,
  host: Candidate,
): readonly Exclusion[] {
  const reasons: Exclusion[] = host.closure === null ? [] : [host.closure];
  if (namespace !== undefined && !isHostOf(namespace, host.spec)) {
    reasons.push(`not of namespace ${namespace.name}`);
  }
  for (const constraint of service.constraints) {
    if (!admits(host, constraint)) reasons.push(`constraint ${constraint.text}`);
  }
  for (const home of homes) {
    if (home.host !== host.name) reasons.push(`volume "${home.volume}" is on host "${home.host}"`);
  }
  for (const network of networksOn(service, host.name, networks)) {
    if (!hasNetwork(host, network)) reasons.push(`no external network "${network}"`);
  }
  const { ports } = needs(host.name);
  const holder = ports.length === 0 ? null : foreignHolder(ports, host.observation.unmanaged);
  if (holder !== null) {
    reasons.push(`port ${holder.port.port} in use by "${holder.container}" (unmanaged)`);
  }
  return reasons;
}

/** Of networks that some version of a service is attached to, those that its version on a host is. */
function networksOn(
  service: ServiceSpec,
  host: HostName,
  networks: readonly string[],
): readonly string[] {
  if (service.variants === undefined || networks.length === 0) return networks;
  const attached = new Set(
    serviceOn(service, host).container.networks.map(({ network }) => network),
  );
  return networks.filter((network) => attached.has(network));
}

/** Why there is no place for one more slot beside what was given to a host so far. Only more is ever given to it. */
export function placeExclusions(
  demand: Demand,
  { name, room, load }: Candidate,
): readonly Exclusion[] {
  const { service, slots, needs } = demand;
  const { ports, reservation } = needs(name);
  const reasons: Exclusion[] = [];
  const clash = ownClash(ports, load.ports);
  if (clash !== undefined) reasons.push(`port ${clash.port} taken by another instance`);
  const { maxPerHost } = service;
  if (maxPerHost !== undefined && (slots.get(name) ?? 0) >= maxPerHost) {
    reasons.push(`full (max_replicas_per_node: ${maxPerHost})`);
  }
  reasons.push(...shortages(room, load, reservation));
  return reasons;
}

/** A port that another slot of ours has on a host already. */
function ownClash(ports: readonly HostPort[], taken: readonly HostPort[]): HostPort | undefined {
  return ports.find((port) => taken.some((other) => collides(port, other)));
}
