import type { BindMount, MountSpec } from '../model/container.ts';
import { present } from '../model/present.ts';
import { apiAtLeast } from '../model/api-at-least.ts';

/**
 * Mounts go through the Mounts API, but for two kinds of binds, which are `Binds` entries: one whose folder may have to be
 * created, before API 1.42, where the Mounts API refuses a missing one and cannot be told otherwise; and one that SELinux
 * has to label, which the Mounts API cannot say at all.
 */
export function mountBody(
  mounts: readonly MountSpec[],
  apiVersion: string,
  fileMounts: readonly object[] = [],
): Record<string, readonly unknown[]> {
  const canCreate = apiAtLeast(apiVersion, '1.42');
  const asBind = (mount: MountSpec): mount is BindMount =>
    mount.type === 'bind' && ((mount.createHostPath && !canCreate) || mount.selinux !== undefined);
  const binds = mounts.filter(asBind).map(bindEntry);
  const others = [...mounts.filter((mount) => !asBind(mount)).map(mountEntry), ...fileMounts];
  return {
    ...(binds.length > 0 ? { Binds: binds } : {}),
    ...(others.length > 0 ? { Mounts: others } : {}),
  };
}

/** `source:target:options`. A colon in a path cannot be said in this notation, and would mean another target. */
function bindEntry(mount: BindMount): string {
  const options = [mount.readOnly ? 'ro' : 'rw'];
  if (mount.propagation !== '') options.push(mount.propagation);
  if (mount.selinux !== undefined) options.push(mount.selinux);
  return `${mount.source}:${mount.target}:${options.join(',')}`;
}

function mountEntry(mount: MountSpec): object {
  const common = { Type: mount.type, Target: mount.target, ReadOnly: mount.readOnly };
  switch (mount.type) {
    case 'volume':
      return {
        ...common,
        Source: mount.source,
        ...present({
          VolumeOptions: present({
            NoCopy: mount.noCopy || null,
            Subpath: mount.subpath,
            Labels: mount.labels,
          }),
        }),
      };
    case 'bind':
      return {
        ...common,
        Source: mount.source,
        BindOptions: {
          ...(mount.propagation === '' ? {} : { Propagation: mount.propagation }),
          ...(mount.createHostPath ? { CreateMountpoint: true } : {}),
          ...recursionBody(mount.recursive),
        },
      };
    case 'image':
      return {
        ...common,
        Source: mount.source,
        ...present({ ImageOptions: present({ Subpath: mount.subpath }) }),
      };
    case 'tmpfs':
      return {
        ...common,
        TmpfsOptions: {
          ...(mount.sizeBytes === null ? {} : { SizeBytes: mount.sizeBytes }),
          ...(mount.mode === null ? {} : { Mode: mount.mode }),
        },
      };
  }
}

function recursionBody(recursive: BindMount['recursive']): object {
  switch (recursive) {
    case 'disabled':
      return { NonRecursive: true };
    case 'readonly':
      return { ReadOnlyForceRecursive: true };
    case 'writable':
      return { ReadOnlyNonRecursive: true };
    case undefined:
      return {};
  }
}
