import { label } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import type { ObservedVolume, ReachableHost } from '../model/observation.ts';
import { versionsOf } from '../model/variants.ts';
import type { ApplicationDecision } from './decide-application.ts';
import type { World } from './world.ts';

/** Who has a volume of ours, and who is to have it. */
export interface VolumeStanding {
  /** Names of the containers that are observed in full, sorted; those of others do not tell. */
  readonly usedBy: readonly string[];
  /** `application/service`, sorted. */
  readonly wantedBy: readonly string[];
}

/** @param volume on that host */
export function volumeStanding(
  { journal }: World,
  applications: readonly ApplicationDecision[],
  host: ReachableHost,
  volume: string,
): VolumeStanding {
  const usedBy = host.containers.flatMap(({ name, spec: { mounts } }) =>
    mounts.some((mount) => mount.type === 'volume' && mount.source === volume) ? [name] : [],
  );
  const wantedBy = applications.flatMap((application) => {
    const good = journal.applications.get(application.application)?.lastKnownGood?.spec.services;
    const versions = [...application.target.spec.services, ...(good ?? [])].flatMap(versionsOf);
    return versions.flatMap(({ name, container }) => {
      const mounts = container.mounts.some(
        (mount) => mount.type === 'volume' && mount.source === volume,
      );
      const isWanted = mounts && mayBeOn(application, name, host.host);
      return isWanted ? [`${application.application}/${name}`] : [];
    });
  });
  return { usedBy: usedBy.toSorted(), wantedBy: [...new Set(wantedBy)].toSorted() };
}

/** A slot that has no host yet may get any. */
function mayBeOn({ slots }: ApplicationDecision, service: string, host: HostName): boolean {
  return slots.some((slot) => slot.service === service && (slot.host ?? host) === host);
}

/** It was made for the fleet, and holds data: what was delivered into one can be delivered again. */
export function isDataOf(fleet: string, { labels }: ObservedVolume): boolean {
  return labels[label.fleet] === fleet && labels[label.files] === undefined;
}
