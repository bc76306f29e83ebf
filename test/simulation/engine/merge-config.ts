import type { WireHealthcheck } from '../../../src/fleet/wire.ts';
import type { ContainerConfig, HostConfig } from './container.ts';
import { shortId } from './container.ts';
import type { EngineState } from './engine-state.ts';
import type { ImageConfig } from './registry.ts';

/** The body of `POST /containers/create`, as far as the engine looks at it. */
export interface CreateBody extends Partial<ContainerConfig> {
  readonly HostConfig?: Partial<HostConfig>;
  readonly NetworkingConfig?: {
    readonly EndpointsConfig?: Readonly<
      Record<
        string,
        {
          readonly Aliases?: readonly string[] | null;
          readonly Links?: readonly string[] | null;
        } | null
      >
    >;
  };
}

/** What the image gives is filled in where nothing was said: by the list, by the variable, by the field of a check. */
export function mergeConfig(
  state: EngineState,
  id: string,
  body: CreateBody,
  image: ImageConfig,
): ContainerConfig {
  const isHostNetwork = body.HostConfig?.NetworkMode === 'host';
  const healthcheck = mergeHealthcheck(body.Healthcheck, image.Healthcheck);
  const exposed = { ...image.ExposedPorts, ...body.ExposedPorts };
  const volumes = { ...image.Volumes, ...body.Volumes };
  const stopSignal = body.StopSignal || image.StopSignal;
  return {
    ...mergeCommand(body, image),
    Image: body.Image ?? '',
    Env: mergeEnvironment(body.Env ?? [], image.Env ?? []),
    Labels: { ...image.Labels, ...body.Labels },
    User: body.User || image.User || '',
    WorkingDir: body.WorkingDir || image.WorkingDir || '',
    Hostname: body.Hostname || (isHostNetwork ? state.name : shortId(id)),
    Volumes: Object.keys(volumes).length === 0 ? null : volumes,
    Tty: body.Tty === true,
    ...(Object.keys(exposed).length === 0 ? {} : { ExposedPorts: exposed }),
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
    ...(stopSignal ? { StopSignal: stopSignal } : {}),
    ...(body.StopTimeout === undefined ? {} : { StopTimeout: body.StopTimeout }),
  };
}

/** A newer engine writes down what the defaults mean. */
export function fillHostConfig(
  state: EngineState,
  name: string,
  asked: Partial<HostConfig>,
): HostConfig {
  const isOld = state.apiVersion === '1.41';
  const mode = asked.NetworkMode || 'default';
  const memory = asked.Memory ?? 0;
  const links = (asked.Links ?? []).map((link) => `/${link.replace(':', `:/${name}/`)}`);
  return {
    ...asked,
    Links: links.length === 0 ? null : links,
    NetworkMode: mode === 'default' && !isOld ? 'bridge' : mode,
    RestartPolicy: {
      Name: asked.RestartPolicy?.Name || (isOld ? '' : 'no'),
      MaximumRetryCount: asked.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    Memory: memory,
    MemorySwap: asked.MemorySwap || memory * 2,
    MemoryReservation: asked.MemoryReservation ?? 0,
    NanoCpus: asked.NanoCpus ?? 0,
    PidsLimit: asked.PidsLimit || null,
    CpuShares: asked.CpuShares ?? 0,
    CpusetCpus: asked.CpusetCpus ?? '',
    BlkioWeight: asked.BlkioWeight ?? 0,
  };
}

/** An entrypoint of one's own drops the image's command. */
function mergeCommand(
  body: CreateBody,
  image: ImageConfig,
): Pick<ContainerConfig, 'Cmd' | 'Entrypoint'> {
  const { Cmd, Entrypoint } = body;
  if ((Entrypoint?.length ?? 0) > 0) return { Cmd: Cmd ?? null, Entrypoint: Entrypoint ?? null };
  return {
    Cmd: (Cmd?.length ?? 0) > 0 ? (Cmd ?? null) : (image.Cmd ?? null),
    Entrypoint: Entrypoint ?? image.Entrypoint ?? null,
  };
}

function mergeEnvironment(own: readonly string[], image: readonly string[]): readonly string[] {
  const names = new Set(own.map(variableName));
  return [...own, ...image.filter((entry) => !names.has(variableName(entry)))];
}

function variableName(entry: string): string {
  return entry.split('=')[0] ?? '';
}

function mergeHealthcheck(
  own: WireHealthcheck | undefined,
  image: WireHealthcheck | undefined,
): WireHealthcheck | undefined {
  if (own === undefined || image === undefined) return own ?? image;
  const test = (own.Test?.length ?? 0) > 0 ? own.Test : image.Test;
  const merged: Record<string, unknown> = { ...image, ...own, Test: test };
  for (const field of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] as const) {
    const value = own[field] || image[field];
    if (value) merged[field] = value;
    else delete merged[field];
  }
  return merged;
}
