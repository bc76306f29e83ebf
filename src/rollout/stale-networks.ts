import type { NetworkSpec } from '../model/application.ts';
import { label } from '../model/labels.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import { networkRefusal } from '../model/needed-versions.ts';
import { networkHash } from '../model/network-hash.ts';
import type { ObservedNetwork, ReachableHost } from '../model/observation.ts';
import { subnetsOverlap } from '../model/subnets-overlap.ts';
import { compareNetworkObjects } from '../drift/compare-objects.ts';
import type { FieldDifference } from '../drift/field-difference.ts';
import type { ApplicationContext } from './application-context.ts';
import { usedHosts } from './used-hosts.ts';

/** A network of an application that is not as its manifest declares it. No engine changes one. */
export interface StaleNetwork {
  readonly network: NetworkSpec;
  readonly observed: ObservedNetwork;
  readonly fields: readonly FieldDifference[];
  /** Why it is left as it is, in words; null: it is made anew. */
  readonly refusal: string | null;
}

/** By the host that has it, of those where the application has slots. */
export type StaleNetworks = ReadonlyMap<HostName, readonly StaleNetwork[]>;

type Grounds = Pick<ApplicationContext, 'world' | 'application' | 'target' | 'views' | 'instances'>;

export function staleNetworks(grounds: Grounds): StaleNetworks {
  const declared = grounds.target.spec.networks.filter(({ external }) => !external);
  if (declared.length === 0) return new Map();
  const byHost = usedHosts(grounds.world, grounds.views).map((host) => {
    const stale = declared.flatMap((network) => assess(grounds, host, network) ?? []);
    return [host.host, stale] as const;
  });
  return new Map(byHost.filter(([, stale]) => stale.length > 0));
}

/** The key of the steps that make and remove a network of a host. */
export function networkKey(host: HostName, name: string): string {
  return `${host}/network/${name}`;
}

function assess(grounds: Grounds, host: ReachableHost, network: NetworkSpec): StaleNetwork | null {
  const observed = host.networks.find(({ name }) => name === network.name);
  if (observed === undefined) return null;
  const fields = compareNetworkObjects(network, observed);
  if (fields.length === 0) return null;
  return { network, observed, fields, refusal: refusalOf(grounds, host, network, observed) };
}

/** All that can fail, and can be seen to, comes before anything is taken off the network. */
function refusalOf(
  grounds: Grounds,
  host: ReachableHost,
  network: NetworkSpec,
  observed: ObservedNetwork,
): string | null {
  const { world, application } = grounds;
  const { labels } = observed;
  const isOurs =
    labels[label.fleet] === world.desired.fleet.name && labels[label.application] === application;
  if (!isOurs) return 'it was not made for this application: declare it external, or remove it';
  // It would be so again each time.
  if (labels[label.hash] === networkHash(network)) {
    return 'it was made as the manifest says, and this is what the engine has made of it';
  }
  return (
    networkRefusal(network, host.host, host.engine.apiVersion) ??
    overlapOf(network, host) ??
    strangersOn(grounds, host, network.name) ??
    failureOf(grounds, host, network.name)
  );
}

function overlapOf(network: NetworkSpec, host: ReachableHost): string | null {
  const wanted = (network.ipam?.pools ?? []).flatMap(({ subnet }) => subnet ?? []);
  for (const other of host.networks) {
    if (other.name === network.name) continue;
    const taken = (other.settings?.pools ?? []).flatMap(({ subnet }) => subnet ?? []);
    for (const subnet of wanted) {
      const held = taken.find((each) => subnetsOverlap(subnet, each));
      if (held === undefined) continue;
      return `its subnet ${subnet} overlaps with ${held} of network "${other.name}": choose another one, or remove that network`;
    }
  }
  return null;
}

/** Containers that are not of the application are cut off by nobody but their owner. */
function strangersOn(
  { instances }: Grounds,
  { containers, unmanaged }: ReachableHost,
  name: string,
): string | null {
  const own = new Set<ContainerId>(
    [...instances.values()].flatMap((list) => list.map(({ container }) => container.id)),
  );
  const ours = containers
    .filter(({ id, spec }) => !own.has(id) && spec.networks.some(({ network }) => network === name))
    .map((container) => container.name);
  const others = unmanaged.filter(({ networks }) => networks.includes(name));
  const names = [...ours, ...others.map((container) => container.name)].toSorted();
  if (names.length === 0) return null;
  const words = names.map((each) => `"${each}"`).join(', ');
  return names.length === 1
    ? `container ${words} is on it and not of this application: take it off, or remove it`
    : `containers ${words} are on it and not of this application: take them off, or remove them`;
}

/** Something is on it that cannot be seen. Until the next try, what was taken off it is put back. */
function failureOf({ world }: Grounds, { host }: ReachableHost, name: string): string | null {
  const failed = world.failures.get(networkKey(host, name));
  if (failed?.action !== 'remove-network' || world.now >= failed.retryAt) return null;
  return failed.failure.message;
}
