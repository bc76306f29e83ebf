import type { WireMountPoint } from '../../../src/fleet/wire.ts';
import type { ApiResponse } from './api.ts';
import { created, refusal } from './api.ts';
import type { Actor, Container, ContainerConfig, Endpoint, HostConfig } from './container.ts';
import { bareName, newRestarts } from './container.ts';
import { volumeFolder } from './archives.ts';
import type { EngineState, Volume } from './engine-state.ts';
import { changed, newId } from './engine-state.ts';
import { containerEvent } from './events.ts';
import { findContainer } from './find-container.ts';
import { findLocalImage } from './images.ts';
import type { CreateBody } from './merge-config.ts';
import { fillHostConfig, mergeConfig } from './merge-config.ts';
import { configRefusal } from './validate-config.ts';
import { addVolume } from './volumes.ts';

/** Makes a container; its name is taken from now on. */
export function createContainer(
  state: EngineState,
  name: string,
  body: CreateBody,
  by: Actor,
): ApiResponse {
  const invalid = configRefusal(state, body);
  if (invalid !== null) return refusal(400, invalid);
  const reference = body.Image ?? '';
  const local = findLocalImage(state, reference);
  if (local === null) return refusal(404, `No such image: ${reference}`);
  const taken = nameRefusal(state, name);
  if (taken !== null) return taken;
  const id = newId(state);
  if (state.diskFull) {
    return refusal(500, `mkdir /var/lib/docker/overlay2/${id}-init: no space left on device`);
  }
  const config = mergeConfig(state, id, body, local.image.config);
  const hostConfig = fillHostConfig(state, name, body.HostConfig ?? {});
  const container: Container = {
    id,
    name: name === '' ? `container_${id.slice(0, 8)}` : name,
    image: local.image,
    createdAt: state.clock.now(),
    config,
    hostConfig,
    mounts: mountPoints(state, config, hostConfig),
    endpoints: endpointsOf(body, hostConfig),
    isRunning: false,
    isPaused: false,
    isRestarting: false,
    isBeingRemoved: false,
    exitCode: 0,
    error: '',
    oomKilled: false,
    startedAt: null,
    finishedAt: null,
    restartCount: 0,
    manuallyStopped: false,
    restarts: newRestarts(),
    health: null,
    program: null,
    unseenExit: null,
    open: [],
    log: [],
    files: new Map(),
    loaded: new Map(),
    createdBy: by,
    startedBy: null,
    endedBy: null,
    starting: null,
    exiting: [],
  };
  state.containers.set(id, container);
  state.names.set(container.name, container);
  changed(state);
  containerEvent(state, container, 'create');
  return created({ Id: id, Warnings: platformWarning(local.image.architecture) });
}

/** Why a container may not have a name; null: it may. */
export function nameRefusal(state: EngineState, name: string): ApiResponse | null {
  if (name !== '' && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
    const message = `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`;
    return refusal(400, message);
  }
  const holder = state.names.get(bareName(name));
  if (holder === undefined) return null;
  const message = `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`;
  return refusal(409, message);
}

function endpointsOf(body: CreateBody, hostConfig: HostConfig): Map<string, Endpoint> {
  const mode = hostConfig.NetworkMode === 'default' ? 'bridge' : hostConfig.NetworkMode;
  const asked = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {});
  const all = asked.length === 0 ? ([[mode, null]] as const) : asked;
  return new Map(
    all.map(([name, endpoint]): [string, Endpoint] => [
      name,
      {
        aliases: endpoint?.Aliases ?? null,
        links: endpoint?.Links ?? null,
        hasShortId: false,
        networkId: '',
      },
    ]),
  );
}

/** The mounts, with the volumes that had to be made for them. */
function mountPoints(
  state: EngineState,
  config: ContainerConfig,
  hostConfig: HostConfig,
): readonly WireMountPoint[] {
  const points = new Map<string, WireMountPoint>();
  for (const entry of hostConfig.VolumesFrom ?? []) {
    const [other = '', mode] = entry.split(':');
    for (const point of findContainer(state, other)?.mounts ?? []) {
      points.set(point.Destination ?? '', { ...point, RW: point.RW === true && mode !== 'ro' });
    }
  }
  for (const bind of hostConfig.Binds ?? []) {
    const [source = '', target = '', options = ''] = bind.split(':');
    const RW = !options.split(',').includes('ro');
    if (source.startsWith('/')) {
      state.hostPaths.add(source);
      points.set(target, { Type: 'bind', Source: source, Destination: target, RW });
    } else points.set(target, volumePoint(state, source, target, RW));
  }
  for (const mount of hostConfig.Mounts ?? []) {
    const { Type = '', Source = '', Target = '', ReadOnly = false } = mount;
    const RW = !ReadOnly;
    const { Labels: labels } = mount.VolumeOptions ?? {};
    if (Type === 'volume') points.set(Target, volumePoint(state, Source, Target, RW, labels));
    else points.set(Target, { Type, Source, Destination: Target, RW });
  }
  for (const target of Object.keys(config.Volumes ?? {})) {
    if (!points.has(target)) points.set(target, volumePoint(state, '', target, true));
  }
  return [...points.values()];
}

function volumePoint(
  state: EngineState,
  asked: string,
  target: string,
  RW: boolean,
  labels: Volume['labels'] | undefined = null,
): WireMountPoint {
  const name = asked === '' ? newId(state) : asked;
  addVolume(state, { name, labels, options: null, isAnonymous: asked === '' });
  return { Type: 'volume', Name: name, Source: volumeFolder(name), Destination: target, RW };
}

function platformWarning(architecture: string): readonly string[] {
  if (architecture === 'amd64') return [];
  const warning = `The requested image's platform (linux/${architecture}) does not match the detected host platform (linux/amd64) and no specific platform was requested`;
  return [warning];
}
