import type { HostConfig } from './container.ts';
import { aliasRefusal, isBuiltIn } from './endpoints.ts';
import type { EngineState } from './engine-state.ts';
import { findContainer } from './find-container.ts';
import type { CreateBody } from './merge-config.ts';

const minimumMemory = 6 * 2 ** 20;

/** Why the engine refuses the configuration of a container, in its words; null: it does not. Always a 400. */
export function configRefusal(state: EngineState, body: CreateBody): string | null {
  const host = body.HostConfig ?? {};
  return (
    healthcheckRefusal(body) ??
    portRefusal(host) ??
    restartRefusal(state, host.RestartPolicy) ??
    resourceRefusal(host) ??
    mountRefusal(state, host) ??
    othersRefusal(state, host) ??
    endpointRefusal(state, body)
  );
}

export function restartRefusal(
  state: EngineState,
  policy: { readonly Name?: string; readonly MaximumRetryCount?: number } | undefined,
): string | null {
  const { Name: name = '', MaximumRetryCount: count = 0 } = policy ?? {};
  const isOld = state.apiVersion === '1.41';
  switch (name) {
    case '':
      return null;
    case 'always':
    case 'unless-stopped':
    case 'no':
      if (count === 0) return null;
      return isOld
        ? `maximum retry count cannot be used with restart policy '${name}'`
        : "invalid restart policy: maximum retry count can only be used with 'on-failure'";
    case 'on-failure':
      return count < 0 ? 'maximum retry count cannot be negative' : null;
    default:
      return isOld
        ? `invalid restart policy '${name}'`
        : `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`;
  }
}

export function resourceRefusal(host: Partial<HostConfig>): string | null {
  const { Memory: memory = 0, MemoryReservation: reservation = 0 } = host;
  if (memory !== 0 && memory < minimumMemory) return 'Minimum memory limit allowed is 6MB';
  if (memory > 0 && reservation > memory) {
    return 'Minimum memory limit can not be less than memory reservation limit, see usage';
  }
  return null;
}

function healthcheckRefusal(body: CreateBody): string | null {
  const check = body.Healthcheck;
  if (check === undefined) return null;
  for (const field of ['Interval', 'Timeout', 'StartPeriod'] as const) {
    const value = check[field] ?? 0;
    if (value !== 0 && value < 1e6) return `${field} in Healthcheck cannot be less than 1ms`;
  }
  return (check.Retries ?? 0) < 0 ? 'Retries in Healthcheck cannot be negative' : null;
}

/** Mounts come from containers that are there, and links lead to such. */
function othersRefusal(state: EngineState, host: Partial<HostConfig>): string | null {
  const gone = (entries: HostConfig['Links']): string | undefined =>
    (entries ?? [])
      .map((entry) => entry.replace(/:.*$/s, ''))
      .find((name) => findContainer(state, name) === null);
  const [unmounted, unlinked] = [gone(host.VolumesFrom), gone(host.Links)];
  if (unmounted !== undefined) return `No such container: ${unmounted}`;
  return unlinked === undefined ? null : `could not get container for ${unlinked}`;
}

function portRefusal(host: Partial<HostConfig>): string | null {
  for (const [key, bindings] of Object.entries(host.PortBindings ?? {})) {
    const target = key.split('/')[0] ?? '';
    if (!isPort(target)) return `invalid port specification: "${target}"`;
    for (const { HostPort: published = '' } of bindings ?? []) {
      const ends = published.split('-');
      const isFine = published === '' || (ends.length <= 2 && ends.every(isPort));
      if (!isFine) return `invalid port specification: "${published}"`;
    }
  }
  return null;
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= 65_535;
}

/** A bind of the Mounts API needs its source, unless it may be made (API 1.42). */
function mountRefusal(state: EngineState, host: Partial<HostConfig>): string | null {
  for (const { Type, Source = '', Target = '', BindOptions } of host.Mounts ?? []) {
    if (Target === '')
      return `invalid mount config for type "${Type}": field Target must not be empty`;
    if (Type !== 'bind' || state.hostPaths.has(Source)) continue;
    if (BindOptions?.CreateMountpoint === true && state.apiVersion !== '1.41') continue;
    return `invalid mount config for type "bind": bind source path does not exist: ${Source}`;
  }
  return null;
}

function endpointRefusal(state: EngineState, body: CreateBody): string | null {
  const endpoints = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {});
  if (state.apiVersion !== '1.41') {
    const refused = endpoints.find(
      ([name, endpoint]) => isBuiltIn(name) && (endpoint?.Aliases ?? []).length > 0,
    );
    if (refused === undefined) return null;
    return `invalid config for network ${refused[0]}: ${aliasRefusal(state)}`;
  }
  if (endpoints.length < 2) return null;
  const names = endpoints.map(([name]) => name).toSorted();
  return `Container cannot be connected to network endpoints: ${names.join(', ')}`;
}
