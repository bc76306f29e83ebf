import type { BindMount, MountSpec, TmpfsMount, VolumeMount } from '../model/container.ts';
import { size } from './scalars.ts';
import type { YamlValue } from './yaml-value.ts';
import { written } from './yaml-value.ts';

/** A mount as a manifest writes it. `keyOf` gives the key of a volume among the volumes of the manifest. */
export function mountValue(mount: MountSpec, keyOf: (volume: string) => string): YamlValue {
  switch (mount.type) {
    case 'bind':
      return bindValue(mount);
    case 'volume':
      return volumeValue(mount, keyOf);
    case 'tmpfs':
      return tmpfsValue(mount);
    case 'image':
      return written({
        type: 'image',
        source: mount.source,
        target: mount.target,
        image: written({ subpath: mount.subpath }),
      });
  }
}

function bindValue(mount: BindMount): YamlValue {
  const { source, target, readOnly, createHostPath, propagation, recursive, selinux } = mount;
  const isPlain = propagation === '' || propagation === 'rprivate';
  const isShort = createHostPath && isPlain && recursive === undefined;
  if (isShort && ![source, target].some((path) => path.includes(':'))) {
    return shortForm(source, target, [
      ...(readOnly ? ['ro'] : []),
      ...(selinux === undefined ? [] : [selinux]),
    ]);
  }
  return {
    ...written({ type: 'bind', source, target, read_only: readOnly }),
    bind: {
      create_host_path: createHostPath,
      ...written({ propagation: isPlain ? '' : propagation, recursive, selinux }),
    },
  };
}

function volumeValue(mount: VolumeMount, keyOf: (volume: string) => string): YamlValue {
  const { source, target, readOnly, noCopy, subpath, labels } = mount;
  const volume = written({ nocopy: noCopy, subpath, labels });
  const key = source === '' ? '' : keyOf(source);
  if (key !== '' && Object.keys(volume).length === 0 && !target.includes(':')) {
    return shortForm(key, target, readOnly ? ['ro'] : []);
  }
  return written({ type: 'volume', source: key, target, read_only: readOnly, volume });
}

function tmpfsValue({ target, readOnly, sizeBytes, mode }: TmpfsMount): YamlValue {
  const tmpfs = written({
    size: size(sizeBytes),
    mode: mode === null ? null : `0${mode.toString(8)}`,
  });
  return written({ type: 'tmpfs', target, read_only: readOnly, tmpfs });
}

function shortForm(source: string, target: string, options: readonly string[]): string {
  return [source, target, ...(options.length === 0 ? [] : [options.join(',')])].join(':');
}
