import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import type { Inventory } from '../drift/identify.ts';
import type { PlacedService } from '../placement/placed-service.ts';
import type { Placement } from '../placement/place.ts';
import { place } from '../placement/place.ts';
import { avoidedHosts } from './avoided-hosts.ts';
import { currentHosts } from './current-hosts.ts';
import { groupTargets } from './rollout-group.ts';
import type { Target } from './target.ts';
import { targetOf } from './target.ts';
import type { World } from './world.ts';

/** What each application of the desired state is brought to, in its order. */
export function targetsOf({ desired, journal }: World): readonly Target[] {
  const targets = desired.applications.map((spec) =>
    targetOf(
      spec,
      desired.revision.commit,
      journal.applications.get(spec.name) ?? emptyApplicationRecord,
    ),
  );
  return groupTargets(targets, desired.applications, journal);
}

export function placedServices(targets: readonly Target[]): readonly PlacedService[] {
  return targets.flatMap(({ spec }) =>
    spec.services.map((service) => ({
      application: spec.name,
      service,
      externalNetworks: externalNetworksOf(spec, service),
    })),
  );
}

function externalNetworksOf(
  { networks }: ApplicationSpec,
  service: ServiceSpec,
): readonly string[] {
  const attached = new Set(service.container.networks.map(({ network }) => network));
  return networks
    .filter(({ name, external }) => external && attached.has(name))
    .map(({ name }) => name);
}

export function placeAll(
  world: World,
  targets: readonly Target[],
  inventory: Inventory,
): Placement {
  return place({
    services: placedServices(targets),
    hosts: world.desired.fleet.hosts,
    observations: world.observations,
    current: currentHosts(world, targets, inventory),
    avoided: avoidedHosts(targets, world.journal),
    abandoned: new Set(),
  });
}
