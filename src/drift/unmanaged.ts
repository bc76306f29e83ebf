import { isBuiltInNetwork } from '../model/built-in-network.ts';
import type { DesiredState } from '../model/desired.ts';
import { label } from '../model/labels.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import type {
  HostObservation,
  ObservedNetwork,
  ObservedVolume,
  ReachableHost,
  UnmanagedContainer,
} from '../model/observation.ts';

/** What is on a host and nothing in the repository asks for; it is never touched. */
export interface UnmanagedHost {
  readonly host: HostName;
  readonly containers: readonly UnmanagedContainer[];
  readonly networks: readonly ObservedNetwork[];
  readonly volumes: readonly ObservedVolume[];
}

/**
 * What runs and lies on the hosts that can be seen and that Git does not know. What manifests name as external is known, and
 * so is what was taken on. Volumes that nobody named are left out: they belong to a container.
 *
 * @param adopted containers of others that were taken on
 */
export function unmanagedHosts(
  { fleet, applications }: DesiredState,
  observations: ReadonlyMap<HostName, HostObservation>,
  adopted: ReadonlySet<ContainerId>,
): readonly UnmanagedHost[] {
  const networks = new Set(applications.flatMap((each) => each.networks.map(({ name }) => name)));
  const volumes = new Set(applications.flatMap((each) => each.volumes.map(({ name }) => name)));
  const isOurs = ({ labels }: Pick<ObservedVolume, 'labels'>): boolean =>
    labels[label.fleet] === fleet.name;
  return fleet.hosts.flatMap(({ name }) => {
    const seen = observations.get(name);
    if (seen?.kind !== 'reachable') return [];
    return {
      host: name,
      containers: strangers(seen, (container) => isOurs(container) || adopted.has(container.id)),
      networks: seen.networks.filter(
        (network) =>
          !isBuiltInNetwork(network.name) && !isOurs(network) && !networks.has(network.name),
      ),
      volumes: seen.volumes.filter(
        (volume) => !isAnonymous(volume.name) && !isOurs(volume) && !volumes.has(volume.name),
      ),
    };
  });
}

/** Those that are only looked at in full because a manifest might take them on are strangers all the same. */
function strangers(
  { containers, unmanaged }: ReachableHost,
  isKnown: (container: Pick<UnmanagedContainer, 'id' | 'labels'>) => boolean,
): readonly UnmanagedContainer[] {
  const ofInterest = containers
    .filter((container) => !isKnown(container))
    .map(({ id, name, spec, imageId, state, labels, published }) => {
      const networks = spec.networks.map(({ network }) => network).toSorted();
      return { id, name, image: spec.image, imageId, state, labels, published, networks };
    });
  return [...unmanaged, ...ofInterest].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The Compose project that something belongs to; empty when it is of none. */
export function composeProject({ labels }: Pick<ObservedVolume, 'labels'>): string {
  return labels[label.composeProject] ?? '';
}

/** The engine names a volume that nobody named with 64 random hexadecimal digits. */
function isAnonymous(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
