import type { ApiResponse } from './api.ts';
import { created, noContent, ok, refusal } from './api.ts';
import { volumeFolder } from './archives.ts';
import type { Container } from './container.ts';
import type { EngineState, Volume } from './engine-state.ts';
import { mutated, newId, stamp } from './engine-state.ts';
import { volumeEvent } from './events.ts';

interface CreateVolumeBody {
  readonly Name?: string;
  readonly Driver?: string;
  readonly DriverOpts?: Readonly<Record<string, string>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** A name that is taken is answered with the volume that has it, whatever was asked for. */
export function createVolume(state: EngineState, body: CreateVolumeBody): ApiResponse {
  const { Name: name = '', Driver: driver = 'local', DriverOpts, Labels } = body;
  if (driver !== 'local') {
    const message = `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`;
    return refusal(404, message);
  }
  const existing = state.volumes.get(name);
  if (existing !== undefined) return created(wireVolume(state, existing));
  if (name.length === 1) {
    const message = `create ${name}: volume name is too short, names should be at least two alphanumeric characters`;
    return refusal(400, message);
  }
  if (state.diskFull) {
    const message = `create ${name}: mkdir /var/lib/docker/volumes/${name}: no space left on device`;
    return refusal(500, message);
  }
  const volume = addVolume(state, {
    name: name === '' ? newId(state) : name,
    labels: Labels ?? null,
    options: DriverOpts ?? null,
    isAnonymous: name === '',
  });
  mutated(state, `create volume ${volume.name}`);
  return created(wireVolume(state, volume));
}

/** Makes a volume, as a create of a container does for those that are missing. */
export function addVolume(
  state: EngineState,
  volume: Pick<Volume, 'name' | 'labels' | 'options' | 'isAnonymous'>,
): Volume {
  const existing = state.volumes.get(volume.name);
  if (existing !== undefined) return existing;
  const files = new Map<string, Buffer>();
  const added = { ...volume, driver: 'local', createdAt: state.clock.now(), files };
  state.volumes.set(added.name, added);
  volumeEvent(state, added.name, added.driver, 'create');
  return added;
}

interface VolumeFilters {
  readonly dangling?: readonly string[];
  readonly label?: readonly string[];
}

/** @param asked filters as JSON: all of them must hold */
export function listVolumes(state: EngineState, asked = '{}'): ApiResponse {
  const { dangling = [], label = [] } = JSON.parse(asked) as VolumeFilters;
  const Volumes = [...state.volumes.values()]
    .filter((volume) => !dangling.includes('true') || userOf(state, volume.name) === undefined)
    .filter(({ labels }) => label.every((each) => hasLabel(labels ?? {}, each)))
    .map((volume) => wireVolume(state, volume));
  return ok({ Volumes, Warnings: null });
}

/** `name`, whatever its value, or `name=value`. */
function hasLabel(labels: Readonly<Record<string, string>>, asked: string): boolean {
  const at = asked.indexOf('=');
  return at === -1
    ? Object.hasOwn(labels, asked)
    : labels[asked.slice(0, at)] === asked.slice(at + 1);
}

/** A container that has a volume mounted, whether it runs or not. */
function userOf(state: EngineState, name: string): Container | undefined {
  return [...state.containers.values()].find(({ mounts }) =>
    mounts.some((mount) => mount.Name === name),
  );
}

export function inspectVolume(state: EngineState, name: string): ApiResponse {
  const volume = state.volumes.get(name);
  return volume === undefined ? noSuchVolume(name) : ok(wireVolume(state, volume));
}

export function removeVolume(state: EngineState, name: string): ApiResponse {
  const volume = state.volumes.get(name);
  if (volume === undefined) return noSuchVolume(name);
  const user = userOf(state, name);
  if (user !== undefined) return refusal(409, `remove ${name}: volume is in use - [${user.id}]`);
  dropVolume(state, volume);
  mutated(state, `remove volume ${name}`);
  return noContent;
}

export function dropVolume(state: EngineState, volume: Volume): void {
  state.volumes.delete(volume.name);
  for (const path of state.hostPaths) {
    if (path.startsWith(`${volumeFolder(volume.name)}/`)) state.hostPaths.delete(path);
  }
  volumeEvent(state, volume.name, volume.driver, 'destroy');
}

function noSuchVolume(name: string): ApiResponse {
  return refusal(404, `get ${name}: no such volume`);
}

function wireVolume(state: EngineState, volume: Volume): object {
  const { name, driver, labels, options, createdAt } = volume;
  return {
    CreatedAt: stamp(state, createdAt),
    Name: name,
    Driver: driver,
    Mountpoint: volumeFolder(name),
    Labels: labels,
    Options: options,
    Scope: 'local',
  };
}
