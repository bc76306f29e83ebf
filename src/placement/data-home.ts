import type { ServiceSpec } from '../model/application.ts';
import { label } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import type { ObservedVolume } from '../model/observation.ts';
import { versionsOf } from '../model/variants.ts';
import type { Board } from './board.ts';
import type { Demand } from './demand.ts';

/** A volume with data of a slot, and the only host that has it. */
export interface DataHome {
  readonly volume: string;
  readonly host: HostName;
}

/**
 * Named volumes of ours that exist on one host only: the one slot of their service belongs there. Of a service with several
 * slots a volume does not tell whose data it holds, and one on several hosts does not tell which data counts.
 */
export function dataHomes(board: Board, { application, service }: Demand): readonly DataHome[] {
  if (service.mode === 'global' || service.replicas !== 1) return [];
  // Who says after what time it is replaced elsewhere says that it may be there.
  if (typeof service.replaceAfterMs === 'number') return [];
  return namedVolumes(service).flatMap((name) => {
    const hosts = [...board.candidates.values()].filter(({ observation }) =>
      observation.volumes.some(
        (volume) => volume.name === name && holdsDataOf(volume, application),
      ),
    );
    const [home] = hosts;
    return home === undefined || hosts.length > 1 ? [] : [{ volume: name, host: home.name }];
  });
}

function namedVolumes(service: ServiceSpec): readonly string[] {
  const mounts = versionsOf(service).flatMap(({ container }) => container.mounts);
  const names = mounts.flatMap((mount) =>
    mount.type === 'volume' && mount.source !== '' ? [mount.source] : [],
  );
  return [...new Set(names)];
}

/** It was made for the application, and its data is on the disk of its host and not on a file server. */
function holdsDataOf({ driver, labels, options }: ObservedVolume, application: string): boolean {
  const isOurs = labels[label.application] === application && label.fleet in labels;
  return isOurs && driver === 'local' && !isRemote(options?.['type'] ?? '');
}

function isRemote(type: string): boolean {
  return /^(nfs4?|cifs|smb3?|ceph|glusterfs)$/i.test(type);
}
