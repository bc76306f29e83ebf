import type { Gate } from '../model/application.ts';
import { hashSchema } from '../model/hash.ts';
import { identityOf } from '../drift/identify.ts';
import type { Watched } from './gate.ts';
import { knownVersions, serviceOf } from './older-schemas.ts';
import type { World } from './world.ts';

/** Containers that were started, with the gate of their service. */
export function watchedContainers(
  world: Pick<World, 'desired' | 'journal' | 'observations'>,
): readonly Watched[] {
  const gates = knownGates(world);
  const versions = knownVersions(world);
  const watched: Watched[] = [];
  for (const observation of world.observations.values()) {
    if (observation.kind === 'unreachable') continue;
    for (const container of observation.containers) {
      const identity = identityOf(container, world.journal);
      if (identity === null || container.startedAt === null) continue;
      const { application, service, hash } = identity;
      const isOfToday = identity.hashSchema === hashSchema;
      const older = isOfToday ? null : serviceOf(versions(application), service, hash);
      const own = older?.gate ?? gates.get(`${application}/${service}/${hash}`);
      const gate = own ?? gates.get(`${application}/${service}`);
      if (gate !== undefined) watched.push({ container, gate });
    }
  }
  return watched;
}

/**
 * Gates by `application/service/hash`, of what the commit asks for and of last-known-good; and by `application/service`
 * for instances of a revision that neither of them is any more.
 */
function knownGates({ desired, journal }: Pick<World, 'desired' | 'journal'>): Map<string, Gate> {
  const good = [...journal.applications.values()].flatMap(({ lastKnownGood }) =>
    lastKnownGood === null ? [] : [lastKnownGood.spec],
  );
  const gates = new Map<string, Gate>();
  for (const { name, services } of [...good, ...desired.applications]) {
    for (const service of services) {
      gates.set(`${name}/${service.name}/${service.hash}`, service.gate);
      gates.set(`${name}/${service.name}`, service.gate);
    }
  }
  return gates;
}
