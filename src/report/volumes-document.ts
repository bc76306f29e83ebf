import type { Volumes } from '../generated/volumes.ts';
import { isoTime } from '../model/iso-time.ts';
import { label } from '../model/labels.ts';
import type { ApplicationDecision } from '../rollout/decide-application.ts';
import { isDataOf, volumeStanding } from '../rollout/volume-standing.ts';
import type { World } from '../rollout/world.ts';
import { revisionDocument } from './revision-document.ts';

/** The volumes of the fleet as a document: schemas/volumes.schema.json. */
export function volumesDocument(
  world: World,
  applications: readonly ApplicationDecision[],
): Volumes {
  const { revision, fleet } = world.desired;
  const volumes = fleet.hosts.flatMap(({ name: host }) => {
    const seen = world.observations.get(host);
    if (seen?.kind !== 'reachable') return [];
    const own = seen.volumes.filter((volume) => isDataOf(fleet.name, volume));
    return own
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, driver, labels }) => {
        const { usedBy, wantedBy } = volumeStanding(world, applications, seen, name);
        const application = labels[label.application] ?? '';
        return { host, name, application, driver, usedBy: [...usedBy], wantedBy: [...wantedBy] };
      });
  });
  return {
    version: 1,
    revision: revisionDocument(revision),
    generatedAt: isoTime(world.now),
    volumes,
  };
}
