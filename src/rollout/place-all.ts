import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import { namespaceOf } from '../model/namespace.ts';
import { versionsOf } from '../model/variants.ts';
import type { Inventory } from '../drift/identify.ts';
import type { PlacedService } from '../placement/placed-service.ts';
import type { Placement, PlacementInput } from '../placement/place.ts';
import { place } from '../placement/place.ts';
import { avoidedHosts } from './avoided-hosts.ts';
import { currentHosts, vacantSlots } from './current-hosts.ts';
import type { Departure } from './departures.ts';
import { abandonedSlots, departuresOf, withheldSlots } from './departures.ts';
import { begunEvictions, type Leaving, leavingSlots, untilBegun } from './evictions.ts';
import type { FleetStanding } from './host-standing.ts';
import { fleetStanding } from './host-standing.ts';
import { openMoves } from './moves.ts';
import { groupTargets } from './rollout-group.ts';
import { isSuspended } from './suspension.ts';
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

export function placedServices(
  { desired }: Pick<World, 'desired'>,
  targets: readonly Target[],
): readonly PlacedService[] {
  const asked = new Map(desired.applications.map((spec) => [spec.name, spec]));
  return targets.flatMap(({ spec }) => {
    // Hosts are given by the commit in force, also while another version is put back.
    const inForce = asked.get(spec.name) ?? spec;
    const namespace = namespaceOf(desired.fleet, inForce);
    const namespaceName = inForce.namespace?.name;
    const dependsOn = inForce.dependsOn.map(({ application }) => application);
    return spec.services.map((service) => ({
      application: spec.name,
      service,
      externalNetworks: externalNetworksOf(spec, service),
      dependsOn,
      ...(namespace?.hosts === undefined ? {} : { namespace }),
      ...(namespaceName === undefined ? {} : { namespaceName }),
    }));
  });
}

function externalNetworksOf(
  { networks }: ApplicationSpec,
  service: ServiceSpec,
): readonly string[] {
  const attached = new Set(
    versionsOf(service).flatMap(({ container }) =>
      container.networks.map(({ network }) => network),
    ),
  );
  return networks
    .filter(({ name, external }) => external && attached.has(name))
    .map(({ name }) => name);
}

export interface PlacedFleet {
  readonly placement: Placement;
  readonly standing: FleetStanding;
  /** By slot key, what becomes of the slots whose host cannot be counted on. */
  readonly departures: ReadonlyMap<string, Departure>;
  /** By slot key, what is to leave a host for something more important, and is there still. */
  readonly leaving: ReadonlyMap<string, Leaving>;
}

export function placeAll(
  world: World,
  targets: readonly Target[],
  inventory: Inventory,
): PlacedFleet {
  const { input, standing, departures } = placementInput(world, targets, inventory);
  const placed = place(input);
  const leaving = leavingSlots(input, placed, inventory, world.desired.applications);
  return { placement: untilBegun(placed, leaving), standing, departures, leaving };
}

/** What placement goes by. */
export function placementInput(
  world: World,
  targets: readonly Target[],
  inventory: Inventory,
): Pick<PlacedFleet, 'standing' | 'departures'> & { readonly input: PlacementInput } {
  const services = placedServices(world, targets);
  const { hosts } = world.desired.fleet;
  const current = currentHosts(world, targets, inventory);
  const standing = fleetStanding(world);
  const departures = departuresOf(world, standing, services, current);
  const fenced = standing.hosts.filter(({ isFenced }) => isFenced);
  const input = {
    services,
    hosts,
    observations: world.observations,
    current,
    avoided: avoidedHosts(targets, world.journal),
    abandoned: abandonedSlots(world, departures),
    fenced: new Set(fenced.map(({ host }) => host)),
    withheld: withheldSlots(world, departures),
    moves: openMoves(world.journal),
    vacant: vacantSlots(world, current, inventory),
    evicted: begunEvictions(world.journal),
    suspended: suspendedApplications(world),
    halted: new Set(targets.flatMap(({ mode, spec }) => (mode === 'halted' ? [spec.name] : []))),
  };
  return { input, standing, departures };
}

function suspendedApplications({ desired, journal }: World): ReadonlySet<string> {
  const suspended = desired.applications.filter((spec) => {
    const record = journal.applications.get(spec.name) ?? emptyApplicationRecord;
    return isSuspended({ desired: spec, record });
  });
  return new Set(suspended.map(({ name }) => name));
}
