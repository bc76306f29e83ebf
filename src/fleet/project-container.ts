import type { HostName } from '../model/names.ts';
import { toContainerId } from '../model/names.ts';
import type {
  ContainerHealth,
  ContainerState,
  ObservedContainer,
  PublishedPort,
  UnmanagedContainer,
} from '../model/observation.ts';
import { compareText, containerName } from './normal-form.ts';
import { parsePort, projectSpec } from './project-spec.ts';
import type { WireContainer, WireListedContainer, WirePortMap } from './wire.ts';

/** `inspect` of a container as we see it. `skewMs` is how far the host's clock is ahead of ours. */
export function projectContainer(
  host: HostName,
  container: WireContainer,
  skewMs: number,
): ObservedContainer {
  const state = projectState(container);
  const spec = projectSpec(container);
  const error = container.State?.Error ?? '';
  return {
    id: toContainerId(container.Id),
    host,
    name: containerName(container),
    labels: spec.labels,
    state,
    health: projectHealth(container),
    healthLog: (container.State?.Health?.Log ?? []).map((probe) => (probe.Output ?? '').trimEnd()),
    exitCode: container.State?.ExitCode ?? 0,
    oomKilled: container.State?.OOMKilled === true,
    startError: isUp(state) ? '' : error,
    restartCount: container.RestartCount ?? 0,
    startedAt: parseTime(container.State?.StartedAt, skewMs),
    finishedAt: parseTime(container.State?.FinishedAt, skewMs),
    imageId: container.Image ?? '',
    restart: spec.restart,
    published: isUp(state) ? projectPublished(container.NetworkSettings?.Ports) : [],
    spec,
  };
}

/** A container that is not ours, from its inspect. */
export function projectUnmanaged(container: WireContainer): UnmanagedContainer {
  const state = projectState(container);
  return {
    id: toContainerId(container.Id),
    name: containerName(container),
    image: container.Config?.Image ?? '',
    imageId: container.Image ?? '',
    state,
    labels: container.Config?.Labels ?? {},
    published: isUp(state) ? projectPublished(container.NetworkSettings?.Ports) : [],
    networks: Object.keys(container.NetworkSettings?.Networks ?? {}).toSorted(compareText),
  };
}

/** A container that is not ours, from its row in the list. */
export function projectListed(row: WireListedContainer): UnmanagedContainer {
  const published = (row.Ports ?? []).flatMap((port) =>
    port.PublicPort === undefined || port.PublicPort === 0
      ? []
      : [
          {
            target: port.PrivatePort ?? 0,
            protocol: port.Type ?? 'tcp',
            hostIp: port.IP ?? '',
            hostPort: port.PublicPort,
          },
        ],
  );
  return {
    id: toContainerId(row.Id),
    name: (row.Names?.find((name) => !name.slice(1).includes('/')) ?? '').replace(/^\//, ''),
    image: row.Image ?? '',
    imageId: row.ImageID ?? '',
    state: toState(row.State ?? ''),
    labels: row.Labels ?? {},
    published: published.toSorted(comparePublished),
    networks: Object.keys(row.NetworkSettings?.Networks ?? {}).toSorted(compareText),
  };
}

/**
 * One state out of the flags. A container that waits for its restart, and a paused one, are also `Running` to the engine,
 * and while it is removed its status may still be the old one.
 */
export function projectState(container: Pick<WireContainer, 'State'>): ContainerState {
  const state = container.State ?? {};
  if (state.Dead === true) return 'dead';
  if (state.Status === 'removing') return 'removing';
  if (state.Restarting === true) return 'restarting';
  if (state.Paused === true) return 'paused';
  if (state.Running === true) return 'running';
  return toState(state.Status ?? '');
}

function toState(status: string): ContainerState {
  switch (status) {
    case 'created':
    case 'running':
    case 'restarting':
    case 'paused':
    case 'dead':
    case 'removing':
      return status;
    default:
      return 'exited';
  }
}

function isUp(state: ContainerState): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}

function projectHealth(container: WireContainer): ContainerHealth {
  const status = container.State?.Health?.Status;
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
}

/** The zero time of Go means never. */
function parseTime(text: string | undefined, skewMs: number): number | null {
  if (text === undefined || text === '' || text.startsWith('0001-')) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time - skewMs;
}

function projectPublished(ports: WirePortMap): readonly PublishedPort[] {
  const published = Object.entries(ports ?? {}).flatMap(([key, bindings]) => {
    const { target, protocol } = parsePort(key);
    return (bindings ?? []).map((binding) => ({
      target,
      protocol,
      hostIp: binding.HostIp ?? '',
      hostPort: Number(binding.HostPort ?? 0),
    }));
  });
  return published.filter((port) => port.hostPort > 0).toSorted(comparePublished);
}

function comparePublished(a: PublishedPort, b: PublishedPort): number {
  return (
    a.target - b.target ||
    compareText(a.protocol, b.protocol) ||
    compareText(a.hostIp, b.hostIp) ||
    a.hostPort - b.hostPort
  );
}
