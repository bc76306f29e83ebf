import type { ServiceSpec } from '../model/application.ts';
import { hashSchema } from '../model/hash.ts';
import { slotKey } from '../model/labels.ts';
import { versionsOf } from '../model/variants.ts';
import { identityOf } from '../drift/identify.ts';
import type { Watched } from './gate.ts';
import { postStartOf } from './post-start.ts';
import { isAskedAnew } from './recovering.ts';
import { knownVersions, serviceOf } from './older-schemas.ts';
import type { World } from './world.ts';

/** Containers that were started, with the gate of their service. */
export function watchedContainers(
  world: Pick<World, 'desired' | 'journal' | 'observations' | 'now'>,
): readonly Watched[] {
  const services = knownServices(world);
  const versions = knownVersions(world);
  const epochs = newestEpochs(world);
  const watched: Watched[] = [];
  for (const observation of world.observations.values()) {
    if (observation.kind === 'unreachable') continue;
    for (const container of observation.containers) {
      const identity = identityOf(container, world.journal);
      if (identity === null || container.startedAt === null) continue;
      const { application, service, hash } = identity;
      const isOfToday = identity.hashSchema === hashSchema;
      const older = isOfToday ? null : serviceOf(versions(application), service, hash);
      const own = older ?? services.get(`${application}/${service}/${hash}`);
      const spec = own ?? services.get(`${application}/${service}`);
      if (spec === undefined) continue;
      // What is asked before its hooks have run says nothing yet; those of another version are none of its own, and what
      // has a successor ran its hooks, whatever the journal has lost.
      const isNewest = epochs.get(slotKey(identity)) === identity.epoch;
      const isAwaited =
        isNewest && own !== undefined && postStartOf(world.journal, own, container).kind === 'due';
      if (isAwaited) continue;
      const { gate } = spec;
      const isAsked = isAskedAnew(world, slotKey(identity), container, gate);
      watched.push({ container, gate, ...(isAsked ? { isAskedAnew: true } : {}) });
    }
  }
  return watched;
}

/**
 * Services by `application/service/hash`, of what the commit asks for and of last-known-good; and by `application/service`
 * for instances of a revision that neither of them is any more.
 */
function knownServices({
  desired,
  journal,
}: Pick<World, 'desired' | 'journal'>): Map<string, ServiceSpec> {
  const good = [...journal.applications.values()].flatMap(({ lastKnownGood }) =>
    lastKnownGood === null ? [] : [lastKnownGood.spec],
  );
  const known = new Map<string, ServiceSpec>();
  for (const { name, services } of [...good, ...desired.applications]) {
    for (const service of services) {
      for (const version of versionsOf(service)) {
        known.set(`${name}/${service.name}/${version.hash}`, version);
      }
      known.set(`${name}/${service.name}`, service);
    }
  }
  return known;
}

/** The highest epoch of each slot that is seen, by the key of the slot. */
function newestEpochs({
  observations,
  journal,
}: Pick<World, 'observations' | 'journal'>): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  for (const observation of observations.values()) {
    if (observation.kind === 'unreachable') continue;
    for (const container of observation.containers) {
      const identity = identityOf(container, journal);
      if (identity === null) continue;
      const key = slotKey(identity);
      newest.set(key, Math.max(newest.get(key) ?? 0, identity.epoch));
    }
  }
  return newest;
}
