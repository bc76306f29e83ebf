import type { ContainerSpec } from '../../model/container.ts';
import type { Origin } from '../../model/origin.ts';
import { present } from '../../model/present.ts';
import { child, items, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { resolveBoundFiles } from './bound-files.ts';
import { fileTarget, resolveFiles } from './file.ts';
import { mountTarget } from './mount.ts';

/** The files of the commit that a service gets: those that it only reads one by one, folders and copies of its own apart. */
export function resolveDelivered(
  subject: Subject,
  service: Cursor,
): Pick<ContainerSpec, 'files' | 'fileMounts'> {
  const bound = resolveBoundFiles(subject, service);
  const single = bound.filter(({ kind, readOnly }) => kind === 'file' && readOnly);
  const others = bound.filter((mount) => !single.includes(mount));
  const files = [
    ...resolveFiles(subject, service, 'configs'),
    ...resolveFiles(subject, service, 'secrets'),
    ...single.flatMap(({ files }) => files),
  ];
  return {
    files: files.toSorted(byTarget),
    ...present({ fileMounts: others.toSorted(byTarget) }),
  };
}

/** Where each mount and each file is asked for, by its target in the container. */
export function deliveredOrigins(service: Cursor): readonly (readonly [string, Origin])[] {
  const mounts = items(child(service, 'volumes')).map(
    (mount) => ['volumes', mountTarget(mount), mount] as const,
  );
  const declared = (['configs', 'secrets'] as const).flatMap((kind) =>
    items(child(service, kind)).map((item) => [kind, fileTarget(item, kind), item] as const),
  );
  return [...mounts, ...declared].flatMap(([kind, target, { origin }]) =>
    target === null ? [] : [[`${kind}.${target}`, origin] as const],
  );
}

function byTarget(a: { readonly target: string }, b: { readonly target: string }): number {
  return a.target < b.target ? -1 : 1;
}
