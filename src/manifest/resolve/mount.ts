import type { BindMount, MountSpec } from '../../model/container.ts';
import { present } from '../../model/present.ts';
import { child, items, readBoolean, readText, readWith, type Cursor } from '../cursor.ts';
import { parseBytes } from '../scalars/bytes.ts';
import { parseFileMode } from '../scalars/file-mode.ts';
import { cleanPath } from '../scalars/volume.ts';
import type { Subject } from '../subject.ts';
import { readMode } from './namespaces.ts';
import { objectName } from './object-name.ts';
import { resolveLabels } from './text-map.ts';

/** The mounts of a service, sorted by target. What cannot be mounted is left out: a rule reports it. */
export function resolveMounts(subject: Subject, service: Cursor): readonly MountSpec[] {
  return items(child(service, 'volumes'))
    .flatMap((item) => resolveMount(subject, item) ?? [])
    .toSorted((a, b) => (a.target < b.target ? -1 : 1));
}

function resolveMount(subject: Subject, item: Cursor): MountSpec | null {
  const target = mountTarget(item);
  const readOnly = readBoolean(child(item, 'read_only')) ?? false;
  const source = readText(child(item, 'source')) ?? '';
  if (target === null) return null;
  switch (readText(child(item, 'type'))) {
    case 'volume':
      return {
        type: 'volume',
        source: source === '' ? '' : objectName(subject, 'volumes', source),
        target,
        readOnly,
        noCopy: readBoolean(child(item, 'volume', 'nocopy')) ?? false,
        ...present({
          subpath: readText(child(item, 'volume', 'subpath')),
          labels: resolveLabels(child(item, 'volume', 'labels')),
        }),
      };
    case 'bind':
      // A relative one is delivered: see bound-files.ts.
      if (!source.startsWith('/')) return null;
      return {
        type: 'bind',
        source: cleanPath(source),
        target,
        readOnly,
        ...bindOptions(child(item, 'bind')),
      };
    case 'image':
      return {
        type: 'image',
        source,
        target,
        readOnly: true,
        ...present({ subpath: readText(child(item, 'image', 'subpath')) }),
      };
    case 'tmpfs':
      return {
        type: 'tmpfs',
        target,
        readOnly,
        sizeBytes: readWith(child(item, 'tmpfs', 'size'), parseBytes),
        mode: readWith(child(item, 'tmpfs', 'mode'), parseFileMode),
      };
    default:
      return null;
  }
}

/** Where it is mounted, in its normal form. */
export function mountTarget(item: Cursor): string | null {
  const target = readText(child(item, 'target'));
  return target === null ? null : cleanPath(target);
}

/** As in Compose, a missing folder of the host is made for the short form, and for the long form with options. */
function bindOptions(
  bind: Cursor,
): Pick<BindMount, 'createHostPath' | 'propagation' | 'recursive' | 'selinux'> {
  const recursive = readMode(child(bind, 'recursive'), [
    'enabled',
    'disabled',
    'readonly',
    'writable',
  ] as const);
  return {
    createHostPath:
      bind.node !== undefined && (readBoolean(child(bind, 'create_host_path')) ?? true),
    propagation: readText(child(bind, 'propagation')) ?? '',
    ...present({
      recursive: recursive === 'enabled' ? null : recursive,
      selinux: readMode(child(bind, 'selinux'), ['z', 'Z'] as const),
    }),
  };
}
