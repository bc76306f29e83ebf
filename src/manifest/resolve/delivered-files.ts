import type { ContainerSpec, FileMount, FileSpec } from '../../model/container.ts';
import { present } from '../../model/present.ts';
import type { Origins } from '../../model/origin.ts';
import { child, items, readBoolean, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { resolveBoundFiles } from './bound-files.ts';
import { fileTarget, resolveFiles } from './file.ts';
import { mountTarget } from './mount.ts';
import { resolveTmpfs } from './tmpfs.ts';

type Delivered = Pick<ContainerSpec, 'files' | 'fileMounts'>;

/**
 * How the files of a service reach its containers. One that can is copied into the container's own layer, which costs a
 * single call. What must hide a folder of the image, and what lies where the layer is read-only or out of sight, is mounted.
 */
export function resolveDelivered(
  subject: Subject,
  service: Cursor,
  mounts: ContainerSpec['mounts'],
): Delivered {
  const bound = resolveBoundFiles(subject, service);
  const isReadOnly = readBoolean(child(service, 'read_only')) === true;
  const folders = bound.filter(({ kind }) => kind === 'folder').map(({ target }) => target);
  const inMemory = Object.keys(resolveTmpfs(service));
  const hiding = [
    ...mounts.filter(hidesFiles).map(({ target }) => target),
    ...inMemory,
    ...folders,
  ];
  const all = [...mounts.map(({ target }) => target), ...inMemory, ...folders];
  const configs = resolveFiles(subject, service, 'configs').map(asMount);
  const secrets = resolveFiles(subject, service, 'secrets').map(asMount);
  const files = bound.filter(({ kind }) => kind === 'file');
  const needsMount = (file: FileMount, above: readonly string[]): boolean =>
    isReadOnly || above.some((target) => file.target.startsWith(`${target}/`));
  const mounted = [
    ...bound.filter(({ kind }) => kind === 'folder'),
    ...configs.filter((file) => needsMount(file, hiding)),
    ...[...secrets, ...files].filter((file) => needsMount(file, all)),
  ];
  const copied = [...configs, ...secrets, ...files].filter((file) => !mounted.includes(file));
  return {
    files: copied.flatMap(({ files }) => files).toSorted(byTarget),
    ...present({ fileMounts: mounted.length === 0 ? null : mounted.toSorted(byTarget) }),
  };
}

/** Where each mount and each file is asked for, by its target in the container. */
export function deliveredOrigins(service: Cursor): Origins {
  const mounts = items(child(service, 'volumes')).map(
    (mount) => ['volumes', mountTarget(mount), mount] as const,
  );
  const declared = (['configs', 'secrets'] as const).flatMap((kind) =>
    items(child(service, kind)).map((item) => [kind, fileTarget(item, kind), item] as const),
  );
  return Object.fromEntries(
    [...mounts, ...declared].flatMap(([kind, target, { origin }]) =>
      target === null ? [] : [[`${kind}.${target}`, origin] as const],
    ),
  );
}

/** A volume that is written to takes a copied file like the layer does. */
function hidesFiles({ type, readOnly }: ContainerSpec['mounts'][number]): boolean {
  return type !== 'volume' || readOnly;
}

function asMount(file: FileSpec): FileMount {
  return { target: file.target, kind: 'file', readOnly: true, files: [file] };
}

function byTarget(a: { readonly target: string }, b: { readonly target: string }): number {
  return a.target < b.target ? -1 : 1;
}
