import type { ContainerSpec } from '../../model/container.ts';
import { pathIn } from '../../model/delivered.ts';
import type { Origin } from '../../model/origin.ts';
import { present } from '../../model/present.ts';
import { child, items, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { isRelativeBind, resolveBoundFiles } from './bound-files.ts';
import { fileTarget, resolveFiles } from './file.ts';
import { judgeOnChange } from './judge-on-change.ts';
import { mountTarget } from './mount.ts';
import { readOnChange, withOnChange } from './on-change.ts';

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
  const delivered = {
    files: files.toSorted(byTarget),
    ...present({ fileMounts: others.toSorted(byTarget) }),
  };
  const rules = readOnChange(service);
  if (rules.length > 0) judgeOnChange(service, delivered, rules, declaredTargets(service));
  return withOnChange(delivered, rules);
}

/** Where the files of the commit are to be, whether or not they can be read. */
function declaredTargets(service: Cursor): readonly string[] {
  const bound = items(child(service, 'volumes')).filter(isRelativeBind).map(mountTarget);
  const declared = (['configs', 'secrets'] as const).flatMap((kind) =>
    items(child(service, kind)).map((item) => fileTarget(item, kind)),
  );
  return [...bound, ...declared].filter((target) => target !== null);
}

/**
 * Where each mount and each file is asked for, by its target in the container; a file that changes by itself within a
 * folder, where the folder is.
 */
export function deliveredOrigins(
  service: Cursor,
  container: ContainerSpec,
): readonly (readonly [string, Origin])[] {
  const asked = new Map<string, Origin>();
  for (const mount of items(child(service, 'volumes'))) {
    const target = mountTarget(mount);
    if (target !== null) asked.set(`volumes.${target}`, mount.origin);
  }
  for (const kind of ['configs', 'secrets'] as const) {
    for (const item of items(child(service, kind))) {
      const target = fileTarget(item, kind);
      if (target !== null) asked.set(`${kind}.${target}`, item.origin);
    }
  }
  return [...originsWithin(container, asked), ...asked];
}

function originsWithin(
  { fileMounts = [] }: ContainerSpec,
  asked: ReadonlyMap<string, Origin>,
): readonly (readonly [string, Origin])[] {
  return fileMounts.flatMap((mount) => {
    const origin = asked.get(`volumes.${mount.target}`);
    const live = mount.files.filter(({ onChange }) => onChange !== undefined);
    return live.flatMap((file) =>
      origin === undefined ? [] : [[`volumes.${pathIn(mount, file)}`, origin] as const],
    );
  });
}

function byTarget(a: { readonly target: string }, b: { readonly target: string }): number {
  return a.target < b.target ? -1 : 1;
}
