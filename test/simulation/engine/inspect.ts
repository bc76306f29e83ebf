import type { OpenPort } from './container.ts';
import type { Container, Health } from './container.ts';
import { statusOf } from './container.ts';
import type { EngineState } from './engine-state.ts';
import { stamp } from './engine-state.ts';
import { catchUp } from './health.ts';
import { findLocalImage } from './images.ts';
import { wireEndpoints } from './networks.ts';

/** What `GET /containers/{id}/json` says, built anew each time. */
export function inspectBody(state: EngineState, container: Container): object {
  const { config, hostConfig, id } = container;
  const [path = '', ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return {
    Id: id,
    Created: stamp(state, container.createdAt),
    Path: path,
    Args: args,
    State: stateBody(state, container),
    Image: container.image.id,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Platform: 'linux',
    HostConfig: hostConfig,
    Mounts: inSomeOrder(state, container),
    Config: config,
    NetworkSettings: {
      Ports: portMap(container),
      Networks: wireEndpoints(state, container),
    },
  };
}

/** A row of `GET /containers/json`. */
export function listedBody(state: EngineState, container: Container): object {
  const { config, hostConfig, image } = container;
  const named = findLocalImage(state, config.Image)?.image.id === image.id;
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: named ? config.Image : image.id,
    ImageID: image.id,
    Command: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(' '),
    Created: Math.floor((container.createdAt + state.skewMs) / 1000),
    Ports: listedPorts(container),
    Labels: config.Labels,
    State: statusOf(container),
    Status: statusText(state, container),
    HostConfig: { NetworkMode: hostConfig.NetworkMode },
    NetworkSettings: { Networks: wireEndpoints(state, container) },
    Mounts: container.mounts,
  };
}

function stateBody(state: EngineState, container: Container): object {
  const { health, program } = container;
  return {
    Status: statusOf(container),
    // Also while it is paused, and while it waits for its restart.
    Running: container.isRunning,
    Paused: container.isPaused,
    Restarting: container.isRestarting,
    OOMKilled: container.oomKilled,
    Dead: false,
    Pid: program === null ? 0 : 4242,
    ExitCode: container.exitCode,
    Error: container.error,
    StartedAt: stamp(state, container.startedAt),
    FinishedAt: stamp(state, container.finishedAt),
    ...(health === null ? {} : { Health: healthBody(state, health) }),
  };
}

function healthBody(state: EngineState, health: Health): object {
  catchUp(health, state.clock.now());
  return {
    Status: health.status,
    FailingStreak: health.streak,
    Log: health.log.map((probe) => ({
      Start: stamp(state, probe.startedAt),
      End: stamp(state, probe.endedAt),
      ExitCode: probe.exitCode,
      Output: probe.output,
    })),
  };
}

/** Only a container that runs has some: what is only exposed is null, and a wildcard is two addresses. */
function portMap(container: Container): Record<string, readonly object[] | null> {
  if (!hasNetwork(container)) return {};
  const ports: Record<string, object[] | null> = {};
  for (const key of Object.keys(container.config.ExposedPorts ?? {})) ports[key] = null;
  for (const port of container.open) {
    const bindings = addressesOf(port).map((ip) => ({
      HostIp: ip,
      HostPort: String(port.hostPort),
    }));
    ports[port.key] = [...(ports[port.key] ?? []), ...bindings];
  }
  return ports;
}

function listedPorts(container: Container): readonly object[] {
  return Object.entries(portMap(container)).flatMap(([key, bindings]) => {
    const [target = '', Type = 'tcp'] = key.split('/');
    const common = { PrivatePort: Number(target), Type };
    if (bindings === null) return [common];
    return (bindings as readonly { readonly HostIp: string; readonly HostPort: string }[]).map(
      ({ HostIp, HostPort }) => ({ IP: HostIp, ...common, PublicPort: Number(HostPort) }),
    );
  });
}

function hasNetwork(container: Container): boolean {
  const { isRunning, isRestarting, endpoints } = container;
  const shared = endpoints.has('host') || endpoints.has('none');
  return isRunning && !isRestarting && endpoints.size > 0 && !shared;
}

function addressesOf(port: OpenPort): readonly string[] {
  return port.hostIp === '0.0.0.0' ? ['0.0.0.0', '::'] : [port.hostIp];
}

/** The engine walks over a map: the order is another one each time. */
function inSomeOrder(state: EngineState, container: Container): readonly object[] {
  const { mounts } = container;
  if (mounts.length < 2) return mounts;
  const from = (state.clock.now() + state.revision) % mounts.length;
  return [...mounts.slice(from), ...mounts.slice(0, from)];
}

function statusText(state: EngineState, container: Container): string {
  const { health } = container;
  const since = (at: number | null): string =>
    `${Math.floor((state.clock.now() - (at ?? 0)) / 1000)} seconds`;
  switch (statusOf(container)) {
    case 'created':
      return 'Created';
    case 'removing':
      return 'Removal In Progress';
    case 'paused':
      return `Up ${since(container.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${container.exitCode}) ${since(container.finishedAt)} ago`;
    case 'exited':
      return `Exited (${container.exitCode}) ${since(container.finishedAt)} ago`;
    case 'running': {
      const check = health?.status === 'starting' ? 'health: starting' : health?.status;
      return `Up ${since(container.startedAt)}${check === undefined ? '' : ` (${check})`}`;
    }
  }
}
