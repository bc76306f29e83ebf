import type { ApplicationSpec, ServiceSpec, TagMoved } from '../model/application.ts';
import { hasInstances } from '../model/application.ts';
import type { FleetSpec } from '../model/fleet.ts';
import { coveredHash, hashJob } from '../model/hash.ts';
import { digestIn, familiarReference } from '../model/image.ts';
import { reduceJournal } from '../model/journal-reduce.ts';
import type { ApplicationRecord, ImagePin, JournalEntry } from '../model/journal-state.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import type { ImageLookup } from '../model/lookup.ts';
import { lookupKey, notAsked } from '../model/lookup.ts';
import type { HostName } from '../model/names.ts';
import { mapVersions, versionsOf } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';
import { pinOf, recoverPin, rolledService } from './image-pins.ts';
import { concerns } from './target.ts';
import type { World } from './world.ts';

/** What is decided about images before anything else: which digest each version is made with, and what tags mean now. */
export interface ImageDecision {
  /** With the entries in its journal, and with the versions that moved tags make in what is desired. */
  readonly world: World;
  readonly entries: readonly JournalEntry[];
  readonly lookups: readonly ImageLookup[];
  /** When the next question is due; null: there is none. */
  readonly reviewAt: number | null;
}

/** @param instances by application */
export function decideImages(
  world: World,
  instances: ReadonlyMap<string, readonly Instance[]>,
): ImageDecision {
  const entries: JournalEntry[] = [];
  const lookups: ImageLookup[] = [];
  let reviewAt: number | null = null;
  const applications = world.desired.applications.map((spec) => {
    const own = instances.get(spec.name) ?? [];
    const record = world.journal.applications.get(spec.name) ?? emptyApplicationRecord;
    const rolled = (service: ServiceSpec): ServiceSpec => {
      const watched: Watched = { world, spec, service, record, instances: own };
      const pin = pinNow(watched, entries);
      const due = pin === null ? null : lookupDue(watched);
      if (due !== null && due.at <= world.now) lookups.push(due.lookup);
      else if (due !== null) reviewAt = Math.min(reviewAt ?? due.at, due.at);
      return pin === null || pin.rolled === null ? service : rolledService(service, pin.rolled);
    };
    const services = spec.services.map((service) => mapVersions(service, rolled));
    // The same object as long as nothing is rolled: what is known of it hangs on it.
    const isAsWritten = services.every((service, at) => service === spec.services[at]);
    return isAsWritten ? spec : { ...spec, services: withNewJobs(services) };
  });
  const desired = { ...world.desired, applications };
  const journal = entries.reduce(reduceJournal, world.journal);
  return { world: { ...world, desired, journal }, entries, lookups, reviewAt };
}

/** A job runs once per version of its application, and what a moved tag makes is another one. */
function withNewJobs(services: readonly ServiceSpec[]): readonly ServiceSpec[] {
  const rolled = services.filter(
    (service) =>
      service.job === null &&
      versionsOf(service).some(({ rolledFrom }) => rolledFrom !== undefined),
  );
  if (rolled.length === 0) return services;
  const hashes = Object.fromEntries(rolled.map((service) => [service.name, coveredHash(service)]));
  return services.map((service) => {
    if (service.job === null) return service;
    const { of } = service.job;
    const covered = Object.entries(hashes).filter(([name]) => of === undefined || of === name);
    if (covered.length === 0) return service;
    const { image } = service.container;
    const rolledFrom = service.rolledFrom ?? { image, hash: service.hash };
    return { ...service, hash: hashJob(service.hash, Object.fromEntries(covered)), rolledFrom };
  });
}

/** What is to be done when the tag of a service's image moves. */
export function tagMovedPolicy(fleet: FleetSpec, service: Pick<ServiceSpec, 'tagMoved'>): TagMoved {
  return service.tagMoved ?? fleet.image.tagMoved;
}

interface Watched {
  readonly world: World;
  readonly spec: ApplicationSpec;
  readonly service: ServiceSpec;
  readonly record: ApplicationRecord;
  readonly instances: readonly Instance[];
}

/** The pin of a service, recovered where it is not known, and moved on where its tag has moved and is to be rolled out. */
function pinNow(watched: Watched, entries: JournalEntry[]): ImagePin | null {
  const { world, spec, service, record, instances } = watched;
  if (digestIn(service.container.image) !== null || service.pullPolicy === 'never') return null;
  const known = pinOf(record, service);
  const pin = known ?? recoverPin(service, instances, world.observations);
  if (pin === null) return null;
  const next = moved(watched, pin);
  if (next !== known) {
    entries.push({ kind: 'image-pinned', application: spec.name, pin: next });
  }
  return next;
}

/** A tag that moves while something is being rolled out waits for the end of that. */
function moved({ world, spec, service, record }: Watched, pin: ImagePin): ImagePin {
  const means = record.tags?.[familiarReference(service.container.image)];
  const isToRoll = tagMovedPolicy(world.desired.fleet, service) === 'roll';
  if (!isToRoll || means === undefined || means === (pin.rolled ?? pin.digest)) return pin;
  if (isSuspended(spec, record)) return pin;
  const current = pin.rolled === null ? service : rolledService(service, pin.rolled);
  const hasFailed = record.quarantined.some((failed) => concerns(failed, current, spec.retry));
  if (record.rollout !== null && !hasFailed) return pin;
  return { ...pin, rolled: means === pin.digest ? null : means };
}

/** The question what the tag of a service means, and when it is due; null when it is not asked. */
function lookupDue({
  world,
  spec,
  service,
  record,
  instances,
}: Watched): { readonly lookup: ImageLookup; readonly at: number } | null {
  const { fleet } = world.desired;
  if (tagMovedPolicy(fleet, service) === 'ignore' || !hasInstances(service)) return null;
  if (isSuspended(spec, record)) return null;
  const image = familiarReference(service.container.image);
  const key = lookupKey(spec.name, image);
  const { isUnderWay, answeredAt, failures, retryAt } = world.lookups.get(key) ?? notAsked;
  if (isUnderWay) return null;
  const host = askingHost(world, instances, service, failures);
  if (host === null) return null;
  const next = answeredAt === null ? 0 : answeredAt + fleet.image.intervalMs;
  return { lookup: { key, host, application: spec.name, image }, at: Math.max(next, retryAt) };
}

/** A host that runs the service, another one after each failure. */
function askingHost(
  { observations }: World,
  instances: readonly Instance[],
  service: ServiceSpec,
  failures: number,
): HostName | null {
  const hosts = instances
    .filter(({ identity }) => identity.service === service.name)
    .map(({ container }) => container.host)
    .filter((host) => observations.get(host)?.kind === 'reachable');
  const distinct = [...new Set(hosts)].toSorted();
  return distinct[failures % Math.max(1, distinct.length)] ?? null;
}

function isSuspended(spec: ApplicationSpec, record: ApplicationRecord): boolean {
  return spec.suspend || record.suspension !== null;
}
