import type { BindMount, MountSpec, VolumeMount } from '../model/container.ts';
import { present } from '../model/present.ts';
import { cleanPath, compareText, positiveOrNull } from './normal-form.ts';
import { isFileMount } from './file-anchor.ts';
import type { WireContainer, WireHostConfig, WireMount, WireMountPoint } from './wire.ts';

/**
 * The mounts of a container. What was asked for stands in HostConfig in two notations (a third one, `Tmpfs`, is a
 * setting), with the options that were given; the top-level Mounts (random order, options filled in by the engine) only
 * add the anonymous volumes that the image declares. What it has from other containers is theirs, and left out.
 */
export function projectMounts(
  container: Pick<WireContainer, 'HostConfig' | 'Mounts'>,
): readonly MountSpec[] {
  const config = container.HostConfig ?? {};
  const ours = (config.Mounts ?? []).filter(isFileMount(config.Mounts ?? []));
  const asked = askedMounts(config, ours);
  const targets = new Set([
    ...asked.map((mount) => mount.target),
    ...ours.map(({ Target }) => cleanPath(Target ?? '')),
  ]);
  const hasOthers = (config.VolumesFrom ?? []).length > 0;
  const inherited = (container.Mounts ?? [])
    .filter((point) => point.Type === 'volume')
    .filter((point) => !targets.has(cleanPath(point.Destination ?? '')))
    .filter(({ Name = '' }) => !hasOthers || isAnonymous(Name))
    .map(inheritedVolume);
  return [...asked, ...inherited].toSorted((a, b) => compareText(a.target, b.target));
}

function askedMounts(config: WireHostConfig, left: readonly WireMount[]): readonly MountSpec[] {
  const mounts = (config.Mounts ?? []).filter((mount) => !left.includes(mount));
  return [...(config.Binds ?? []).map(parseBind), ...mounts.flatMap(projectMount)];
}

function inheritedVolume(point: WireMountPoint): VolumeMount {
  const name = point.Name ?? '';
  return {
    type: 'volume',
    source: isAnonymous(name) ? '' : name,
    target: cleanPath(point.Destination ?? ''),
    readOnly: point.RW === false,
    noCopy: false,
  };
}

/** The engine names a volume that nobody named with 64 random hexadecimal digits. */
function isAnonymous(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** A mount in the notation of the Mounts API; kinds that no manifest can ask for are left out. */
function projectMount(mount: WireMount): readonly MountSpec[] {
  const target = cleanPath(mount.Target ?? '');
  const readOnly = mount.ReadOnly === true;
  const source = mount.Source ?? '';
  switch (mount.Type) {
    case 'bind': {
      const propagation = mount.BindOptions?.Propagation || 'rprivate';
      const createHostPath = mount.BindOptions?.CreateMountpoint === true;
      const recursive = projectRecursion(mount);
      const bind = { source, target, readOnly, createHostPath, propagation };
      return [{ type: 'bind', ...bind, ...present({ recursive }) }];
    }
    case 'volume': {
      const { NoCopy, Subpath: subpath, Labels: labels } = mount.VolumeOptions ?? {};
      const volume = { source, target, readOnly, noCopy: NoCopy === true };
      return [{ type: 'volume', ...volume, ...present({ subpath, labels }) }];
    }
    case 'tmpfs': {
      const sizeBytes = positiveOrNull(mount.TmpfsOptions?.SizeBytes);
      const mode = positiveOrNull(mount.TmpfsOptions?.Mode);
      return [{ type: 'tmpfs', target, readOnly, sizeBytes, mode }];
    }
    case 'image': {
      const subpath = mount.ImageOptions?.Subpath;
      return [{ type: 'image', source, target, readOnly, ...present({ subpath }) }];
    }
    default:
      return [];
  }
}

function projectRecursion(mount: WireMount): BindMount['recursive'] {
  const options = mount.BindOptions ?? {};
  if (options.NonRecursive === true) return 'disabled';
  if (options.ReadOnlyForceRecursive === true) return 'readonly';
  return options.ReadOnlyNonRecursive === true ? 'writable' : undefined;
}

/** `source:target[:options]`; a source that is not a path is the name of a volume. */
function parseBind(bind: string): BindMount | VolumeMount {
  const [source = '', target, options = ''] = bind.split(':');
  const flags = options.split(',');
  const readOnly = flags.includes('ro');
  if (target === undefined) {
    return { type: 'volume', source: '', target: cleanPath(source), readOnly, noCopy: false };
  }
  if (!source.startsWith('/')) {
    const noCopy = flags.includes('nocopy');
    return { type: 'volume', source, target: cleanPath(target), readOnly, noCopy };
  }
  const propagation = flags.find((flag) => /^r?(private|shared|slave)$/.test(flag)) ?? 'rprivate';
  // The engine always creates a missing folder for this notation.
  return {
    type: 'bind',
    source,
    target: cleanPath(target),
    readOnly,
    createHostPath: true,
    propagation,
    ...present({ selinux: flags.find((flag) => flag === 'z' || flag === 'Z') }),
  };
}
