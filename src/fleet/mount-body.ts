import type { BindMount, MountSpec } from '../model/container.ts';
import { apiAtLeast } from './api-version.ts';

/**
 * Mounts go through the Mounts API. Only a bind whose folder may have to be created is a `Binds` entry before API 1.42,
 * where the Mounts API refuses a missing one and cannot be told otherwise.
 */
export function mountBody(
  mounts: readonly MountSpec[],
  apiVersion: string,
): Record<string, readonly unknown[]> {
  const canCreate = apiAtLeast(apiVersion, '1.42');
  const asBind = (mount: MountSpec): mount is BindMount =>
    mount.type === 'bind' && mount.createHostPath && !canCreate;
  const binds = mounts.filter(asBind).map(bindEntry);
  const others = mounts.filter((mount) => !asBind(mount)).map(mountEntry);
  return {
    ...(binds.length > 0 ? { Binds: binds } : {}),
    ...(others.length > 0 ? { Mounts: others } : {}),
  };
}

/** `source:target:options`. A colon in a path cannot be said in this notation, and would mean another target. */
function bindEntry(mount: BindMount): string {
  const options = [mount.readOnly ? 'ro' : 'rw'];
  if (mount.propagation !== '') options.push(mount.propagation);
  return `${mount.source}:${mount.target}:${options.join(',')}`;
}

function mountEntry(mount: MountSpec): object {
  const common = { Type: mount.type, Target: mount.target, ReadOnly: mount.readOnly };
  switch (mount.type) {
    case 'volume':
      return {
        ...common,
        Source: mount.source,
        ...(mount.noCopy ? { VolumeOptions: { NoCopy: true } } : {}),
      };
    case 'bind':
      return {
        ...common,
        Source: mount.source,
        BindOptions: {
          ...(mount.propagation === '' ? {} : { Propagation: mount.propagation }),
          ...(mount.createHostPath ? { CreateMountpoint: true } : {}),
        },
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
