import type { VolumeSpec } from '../../model/application.ts';
import { child, items, readText } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { isExternal, objectName } from './object-name.ts';
import { resolveLabels, resolveTextMap } from './text-map.ts';

/** The named volumes that some service mounts, sorted by their name on the engine. */
export function resolveVolumes(subject: Subject): readonly VolumeSpec[] {
  const mounts = [...subject.services.values()].flatMap((service) =>
    items(child(service, 'volumes')),
  );
  const used = new Set(
    mounts
      .filter((mount) => readText(child(mount, 'type')) === 'volume')
      .map((mount) => readText(child(mount, 'source')) ?? ''),
  );
  return [...used]
    .filter((key) => key !== '')
    .map((key) => resolveVolume(subject, key))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function resolveVolume(subject: Subject, key: string): VolumeSpec {
  const declared = child(subject.root, 'volumes', key);
  return {
    name: objectName(subject, 'volumes', key),
    external: isExternal(declared),
    driver: readText(child(declared, 'driver')) ?? 'local',
    driverOpts: resolveTextMap(child(declared, 'driver_opts')),
    labels: resolveLabels(child(declared, 'labels')),
    origin: declared.key,
  };
}
