import { label } from '../model/labels.ts';
import type { WireContainer, WireMount } from './wire.ts';

/** Where a container sees all its mounted files together: only so does the engine know that the volume is in use. */
export const anchor = '/.fleetwright';

/** Whether a container has files that are mounted. */
export function hasMountedFiles(container: WireContainer): boolean {
  return findAnchor(container.HostConfig?.Mounts ?? []) !== undefined;
}

/** The volume that holds the files of a container; null when it has none. */
export function filesVolume(container: WireContainer): string | null {
  return findAnchor(container.HostConfig?.Mounts ?? [])?.Source ?? null;
}

/** Of the mounts that a container was made with, those that the manifest asks for in other words. */
export function isFileMount(mounts: readonly WireMount[]): (mount: WireMount) => boolean {
  const found = findAnchor(mounts);
  const folder = found?.VolumeOptions?.Labels?.[anchorFolder] ?? '';
  return (mount) =>
    mount === found ||
    (folder !== '' && mount.Type === 'bind' && mount.Source?.startsWith(`${folder}/`) === true);
}

/** On the anchor: the folder of the host that the files are mounted from. */
const anchorFolder = 'fleetwright.folder';

function findAnchor(mounts: readonly WireMount[]): WireMount | undefined {
  return mounts.find(({ Type, Target }) => Type === 'volume' && Target === anchor);
}

/**
 * The volume that holds the files of an instance, mounted.
 *
 * @param folder where the host has it; empty as long as that is not known
 */
export function anchorMount(
  fleet: string,
  volume: string,
  folder: string,
  readOnly: boolean,
): object {
  return {
    Type: 'volume',
    Source: volume,
    Target: anchor,
    ReadOnly: readOnly,
    VolumeOptions: {
      NoCopy: true,
      Labels: {
        [label.fleet]: fleet,
        [label.files]: volume,
        ...(folder === '' ? {} : { [anchorFolder]: folder }),
      },
    },
  };
}
