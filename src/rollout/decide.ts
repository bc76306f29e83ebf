import type { DriftItem, IgnoredItem } from '../model/drift.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import { reduceJournal } from '../model/journal-reduce.ts';
import type { ImageLookup } from '../model/lookup.ts';
import { label } from '../model/labels.ts';
import type { ObservedContainer } from '../model/observation.ts';
import type { Step } from '../model/step.ts';
import { noOrigins, originOf } from '../model/origin.ts';
import type { Instance, Inventory } from '../drift/identify.ts';
import { wantedPorts } from '../placement/wanted-ports.ts';
import { anotherTryEntries } from './another-try.ts';
import type { ApplicationDecision } from './decide-application.ts';
import { nextDeparture } from './departures.ts';
import { viewTraffic } from './endpoints.ts';
import { hostEntries } from './host-standing.ts';
import type { Adoption } from './decide-adoption.ts';
import { adoptionEntries, decideAdoptions } from './decide-adoption.ts';
import { decideApplications } from './decide-applications.ts';
import type { ScaleDecision } from './decide-scale.ts';
import { decideScale } from './decide-scale.ts';
import type { TrafficDecision } from './decide-traffic.ts';
import { decideTraffic } from './decide-traffic.ts';
import { decideRequests } from './decide-requests.ts';
import { decideVolumeRemovals } from './decide-volume-removal.ts';
import { groupBy } from '../model/group-by.ts';
import { inventoryOf, withCurrentJournal } from './older-schemas.ts';
import { endedEvictions } from './evictions.ts';
import { endedMoves } from './moves.ts';
import { decideImageGc } from './decide-image-gc.ts';
import { decideImages } from './moved-tags.ts';
import type { PlacedFleet } from './place-all.ts';
import { placeAll, placedServices, targetsOf } from './place-all.ts';
import type { PruneDecision } from './prune.ts';
import { supersededDrift } from './adoption-drift.ts';
import { decidePrune } from './prune.ts';
import { withCauses } from './drift-causes.ts';
import { suspensionEntries } from './suspension.ts';
import { withScale } from './with-scale.ts';
import type { World } from './world.ts';

/** What is to be done now, on the whole fleet. */
export interface Decision {
  /** Sorted by application. */
  readonly applications: readonly ApplicationDecision[];
  /** Of applications that are to take on containers of others. */
  readonly adoptions: readonly Adoption[];
  readonly prune: PruneDecision;
  readonly traffic: TrafficDecision;
  /** Where each slot is to be, and how the hosts stand. */
  readonly placed: PlacedFleet;
  /** What the load of services says, for those that go by it. */
  readonly scale: ScaleDecision;
  /** To be written before any step is executed. */
  readonly entries: readonly JournalEntry[];
  readonly steps: readonly Step[];
  /** Questions to registries, to be asked beside the steps. */
  readonly lookups: readonly ImageLookup[];
  readonly drift: readonly DriftItem[];
  /** Differences that rules leave alone. */
  readonly ignored: readonly IgnoredItem[];
  /** Everything is as the commit (or last-known-good) asks, and nothing waits or is held. */
  readonly settled: boolean;
  readonly wakeAt: number | null;
}

/** The one decision: data in, data out. The same world gives the same decision, byte for byte. */
export function decide(seen: World): Decision {
  const renewed = withCurrentJournal(seen);
  const seenInstances = byApplication(inventoryOf(renewed));
  const given = withScale(renewed, seenInstances);
  // A moved tag may make another version of what the commit asks for: all that follows is about that one.
  const images = decideImages(given, seenInstances);
  const requested = decideRequests(images.world);
  const journal = requested.reduce(reduceJournal, images.world.journal);
  const asked = { ...images.world, journal };
  // Clocks are set before anything is judged by them.
  const clocks = [...suspensionEntries(asked), ...anotherTryEntries(asked)];
  const known = { ...asked, journal: clocks.reduce(reduceJournal, asked.journal) };
  const adoptions = decideAdoptions(known);
  const adopted = adoptionEntries(adoptions);
  const world = { ...known, journal: adopted.reduce(reduceJournal, known.journal) };
  const inventory = inventoryOf(world);
  const instances = byApplication(inventory);
  const targets = targetsOf(world);
  const services = placedServices(world, targets);
  const placed = placeAll(world, targets, inventory);
  const { placement } = placed;
  const views = viewTraffic(world, targets, inventory, placed.standing);
  const traffic = decideTraffic(world, views);
  const ports = wantedPorts(services, placement.assignments);
  const applications = decideApplications(world, targets, placed, ports, {
    instances,
    adoptions,
    traffic: views,
  });
  const scale = decideScale(world, applications, instances);
  const wanted = new Set(world.desired.applications.map(({ name }) => name));
  const orphans = new Map([...instances].filter(([name]) => !wanted.has(name)));
  const isRolledOut = applications.every((one) => one.suspended || isSucceeded(one));
  const prune = decidePrune(world, orphans, isRolledOut, ports, views);
  const unused = decideImageGc(world);
  const volumes = decideVolumeRemovals(world, applications);
  const copies = inventory.copies.map((container) => copyItem(world, container));
  return {
    applications,
    adoptions,
    prune,
    traffic,
    placed,
    scale,
    entries: [
      ...images.entries,
      ...requested,
      ...clocks,
      ...adopted,
      ...goneEntries(world),
      ...hostEntries(world, placed.standing),
      ...endedMoves(world, placement.assignments, inventory),
      ...endedEvictions(world.journal, placement.assignments, inventory),
      ...applications.flatMap(({ entries }) => entries),
      ...scale.entries,
      ...prune.entries,
      ...unused.entries,
      ...volumes.entries,
    ],
    steps: distinct([
      ...applications.flatMap(({ steps }) => steps),
      ...prune.steps,
      ...traffic.steps,
      ...unused.steps,
      ...volumes.steps,
    ]),
    drift: withCauses(world, [
      ...applications.flatMap(({ drift }) => drift),
      ...adoptions.flatMap((adoption) => supersededDrift(world, adoption)),
      ...prune.drift,
      ...copies,
    ]),
    ignored: applications.flatMap(({ ignored }) => ignored),
    settled: isRolledOut && prune.settled && traffic.settled,
    lookups: distinct([...images.lookups, ...applications.flatMap(({ lookups }) => lookups)]),
    wakeAt: earliest([
      ...applications.flatMap(({ wakeAt, reviewAt }) => [wakeAt, reviewAt]),
      images.reviewAt,
      unused.reviewAt,
      prune.wakeAt,
      traffic.wakeAt,
      nextDeparture(world, placed.departures),
    ]),
  };
}

function isSucceeded({ settled, target, conditions }: ApplicationDecision): boolean {
  const isReady = conditions.some(({ type, status }) => type === 'Ready' && status);
  return settled && target.mode === 'desired' && isReady;
}

function byApplication({ instances }: Inventory): ReadonlyMap<string, readonly Instance[]> {
  return groupBy(instances, ({ identity }) => identity.application);
}

/** One step per key: two services may ask for one image on one host. */
function distinct<Keyed extends { readonly key: string }>(
  steps: readonly Keyed[],
): readonly Keyed[] {
  return [...new Map(steps.toReversed().map((step) => [step.key, step])).values()].toReversed();
}

/** Containers that are known and are nowhere any more; said only while every host can be seen. */
function goneEntries({ journal, observations, desired }: World): readonly JournalEntry[] {
  const hosts = desired.fleet.hosts.map(({ name }) => observations.get(name));
  const present = new Set<string>();
  for (const host of hosts) {
    if (host?.kind !== 'reachable') return [];
    for (const { id } of host.containers) present.add(id);
  }
  return [...journal.instances]
    .filter(([container]) => !present.has(container))
    .map(([container, { slot }]) => ({ kind: 'instance-gone', slot, container }));
}

/** A container with our labels that we did not make: someone copied them. It is reported and never touched. */
function copyItem(world: World, container: ObservedContainer): DriftItem {
  const application = container.labels[label.application] ?? '';
  const service = container.labels[label.service] ?? '';
  const spec = world.desired.applications.find(({ name }) => name === application);
  return {
    application,
    service,
    slot: container.labels[label.slot] ?? '',
    host: container.host,
    container: container.name,
    containerId: container.id,
    class: 'copy',
    severity: 'warning',
    path: '',
    desired: null,
    observed: container.name,
    origin:
      originOf(spec?.services.find(({ name }) => name === service)?.origins ?? noOrigins, '') ??
      spec?.origin ??
      null,
    commit: world.desired.revision.commit,
    action: 'report',
    note: 'it carries our labels but was not made by us: it is left alone',
  };
}

function earliest(times: readonly (number | null)[]): number | null {
  const set = times.filter((time) => time !== null);
  return set.length === 0 ? null : Math.min(...set);
}
