import type {
  ContainerSpec,
  NetworkAttachment,
  PortSpec,
  Resources,
  RestartPolicy,
  SharedVolumes,
  Shares,
} from '../model/container.ts';
import { noRestart } from '../model/container.ts';
import { canonicalCpuset } from '../model/cpuset.ts';
import { present } from '../model/present.ts';
import {
  cleanPath,
  comparePortKeys,
  compareText,
  containerName,
  listOrNull,
  parseEnvironment,
  portKey,
  positiveOrNull,
  projectHealthcheck,
  textOrNull,
  unconfinedPaths,
} from './normal-form.ts';
import { projectMounts } from './project-mounts.ts';
import { projectSettings } from './project-settings.ts';
import type { WireContainer, WireEndpoint, WireHostConfig, WirePortMap } from './wire.ts';

/** Microseconds. */
const defaultCpuPeriod = 100_000;

/**
 * The configuration of a container in the normal form (semantics: null, [], {} and absent are one). An empty list of
 * networks is the network mode `none`.
 */
export function projectSpec(container: WireContainer): ContainerSpec {
  const config = container.Config ?? {};
  const host = container.HostConfig ?? {};
  const ports = projectPorts(host.PortBindings);
  const publishedKeys = new Set(ports.map((port) => `${port.target}/${port.protocol}`));
  return {
    ...projectSettings(container),
    ...projectShares(host),
    image: config.Image ?? '',
    command: listOrNull(config.Cmd),
    entrypoint: listOrNull(config.Entrypoint),
    environment: parseEnvironment(config.Env),
    labels: config.Labels ?? {},
    user: textOrNull(config.User),
    workingDir: config.WorkingDir ? cleanPath(config.WorkingDir) : null,
    hostname: projectHostname(container),
    init: host.Init ?? null,
    readOnly: host.ReadonlyRootfs === true,
    capAdd: projectCapabilities(host.CapAdd),
    capDrop: projectCapabilities(host.CapDrop),
    securityOpt: projectSecurityOptions(host),
    healthcheck: projectHealthcheck(config.Healthcheck),
    ports,
    expose: Object.keys(config.ExposedPorts ?? {})
      .map(portKey)
      .filter((key) => !publishedKeys.has(key))
      .toSorted(comparePortKeys),
    mounts: projectMounts(container),
    networks: projectNetworks(container),
    files: [],
    stopSignal: textOrNull(config.StopSignal),
    stopGraceMs: typeof config.StopTimeout === 'number' ? config.StopTimeout * 1000 : null,
    resources: projectResources(host),
    restart: projectRestart(host),
  };
}

/** The ids of the containers whose namespaces it has joined, and whose mounts it has. */
function projectShares({ NetworkMode, IpcMode, PidMode, VolumesFrom }: WireHostConfig): {
  readonly shares?: Shares;
} {
  const shares = present({
    network: joined(NetworkMode),
    ipc: joined(IpcMode),
    pid: joined(PidMode),
    volumes: (VolumesFrom ?? []).map(projectVolumesFrom),
  }) as Shares;
  return Object.keys(shares).length === 0 ? {} : { shares };
}

function joined(mode: string | undefined): string | undefined {
  return mode?.startsWith('container:') === true ? mode.slice('container:'.length) : undefined;
}

/** `container[:options]`; without options it may write where that one may. */
function projectVolumesFrom(entry: string): SharedVolumes {
  const [from = '', options = ''] = entry.split(':');
  return { from, readOnly: options.split(',').includes('ro') };
}

/** The engine's default is the short id; with the network of the host it is the host's name. */
function projectHostname(container: WireContainer): string | null {
  const hostname = container.Config?.Hostname ?? '';
  const byEngine =
    hostname === container.Id.slice(0, 12) || container.HostConfig?.NetworkMode === 'host';
  return byEngine ? null : textOrNull(hostname);
}

/** Stored as they were sent: `net_admin`, `CAP_SYS_TIME`, `all`. */
function projectCapabilities(capabilities: readonly string[] | null | undefined): string[] {
  return (capabilities ?? [])
    .map((name) => name.toUpperCase())
    .map((name) => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`))
    .toSorted(compareText);
}

function projectSecurityOptions(host: WireHostConfig): readonly string[] {
  const isUnconfined =
    host.Privileged !== true && host.MaskedPaths?.length === 0 && host.ReadonlyPaths?.length === 0;
  const options = (host.SecurityOpt ?? []).map(canonicalSecurityOpt);
  return [...options, ...(isUnconfined ? [unconfinedPaths] : [])].toSorted(compareText);
}

/** `label:disable` → `label=disable`; `no-new-privileges:true` → `no-new-privileges`. */
function canonicalSecurityOpt(option: string): string {
  const text = option.replace(/^([a-z-]+):/, '$1=');
  return text === 'no-new-privileges=true' ? 'no-new-privileges' : text;
}

/** `8080/tcp` as numbers and words. */
export function parsePort(key: string): Pick<PortSpec, 'target' | 'protocol'> {
  const [target, protocol] = portKey(key).split('/');
  const known = protocol === 'udp' || protocol === 'sctp' ? protocol : 'tcp';
  return { target: Number.parseInt(target ?? '0', 10), protocol: known };
}

/** As asked for, not as published now: free ports and ranges get another number at each start. */
function projectPorts(bindings: WirePortMap): readonly PortSpec[] {
  const ports = Object.entries(bindings ?? {}).flatMap(([key, list]) =>
    (list ?? []).map((binding): PortSpec => {
      const published = binding.HostPort === '0' ? '' : (binding.HostPort ?? '');
      return { ...parsePort(key), hostIp: binding.HostIp ?? '', published };
    }),
  );
  return ports.toSorted(
    (a, b) =>
      compareText(a.protocol, b.protocol) ||
      a.target - b.target ||
      compareText(a.hostIp, b.hostIp) ||
      compareText(a.published, b.published),
  );
}

/** The networks attached now: HostConfig.NetworkMode goes on naming one that was disconnected. */
export function projectNetworks(container: WireContainer): readonly NetworkAttachment[] {
  return Object.entries(container.NetworkSettings?.Networks ?? {})
    .filter(([network]) => network !== 'none')
    .map(([network, endpoint]) => ({
      network,
      aliases: projectAliases(container, endpoint?.Aliases ?? []),
      ...projectEndpoint(endpoint ?? {}),
      ...present({ links: projectLinks(container, network, endpoint ?? {}) }),
    }))
    .toSorted((a, b) => compareText(a.network, b.network));
}

/** What was asked for, and the MAC address, which may have been given out; IP addresses that were stand elsewhere. */
function projectEndpoint(endpoint: WireEndpoint): Omit<NetworkAttachment, 'network' | 'aliases'> {
  return present({
    ipv4Address: endpoint.IPAMConfig?.IPv4Address,
    ipv6Address: endpoint.IPAMConfig?.IPv6Address,
    linkLocalIps: endpoint.IPAMConfig?.LinkLocalIPs?.toSorted(compareText),
    macAddress: endpoint.MacAddress?.toLowerCase() || null,
    driverOptions: endpoint.DriverOpts,
    gatewayPriority: endpoint.GwPriority || null,
  }) as Omit<NetworkAttachment, 'network' | 'aliases'>;
}

/**
 * The aliases that somebody asked for. The engine appends the short id and, from 23.0 to API 1.44, after it the
 * hostname: a hostname before the short id was asked for.
 */
function projectAliases(container: WireContainer, aliases: readonly string[]): readonly string[] {
  const shortId = container.Id.slice(0, 12);
  const appended = aliases.indexOf(shortId);
  const hostname = container.Config?.Hostname ?? '';
  const asked = aliases.filter(
    (alias, index) =>
      alias !== shortId &&
      alias !== containerName(container) &&
      !(alias === hostname && appended >= 0 && index > appended),
  );
  return [...new Set(asked)].toSorted(compareText);
}

/** On the engine's own bridge they come back as `/legacy:/web/db`. */
function projectLinks(
  { HostConfig: host }: WireContainer,
  network: string,
  { Links: own }: WireEndpoint,
): readonly string[] {
  const links = network === 'bridge' ? host?.Links : own;
  return (links ?? [])
    .map((link) => link.replace(/^\/([^:]+):.*\/([^/]+)$/s, '$1:$2'))
    .toSorted(compareText);
}

function projectResources(host: WireHostConfig): Resources {
  const period = positiveOrNull(host.CpuPeriod);
  return {
    memoryBytes: positiveOrNull(host.Memory),
    memoryReservationBytes: positiveOrNull(host.MemoryReservation),
    nanoCpus: positiveOrNull(host.NanoCpus) ?? quotaAsNanoCpus(host),
    pids: positiveOrNull(host.PidsLimit),
    ...present({
      memorySwapBytes: projectSwap(host),
      cpuPeriod: period === defaultCpuPeriod ? null : period,
      cpuShares: positiveOrNull(host.CpuShares),
      cpuset: canonicalCpuset(host.CpusetCpus ?? ''),
      blockWeight: positiveOrNull(host.BlkioWeight),
    }),
  };
}

/** Twice the memory is what the engine gives by itself. */
function projectSwap({ Memory: memory = 0, MemorySwap: swap = 0 }: WireHostConfig): number | null {
  return swap === 0 || swap === memory * 2 ? null : swap;
}

/** A quota of microseconds per period is the older way to say it; a container has one or the other. */
function quotaAsNanoCpus(host: WireHostConfig): number | null {
  const quota = positiveOrNull(host.CpuQuota);
  if (quota === null) return null;
  return Math.round((quota / (positiveOrNull(host.CpuPeriod) ?? defaultCpuPeriod)) * 1e9);
}

function projectRestart(host: WireHostConfig): RestartPolicy {
  const { Name: name = '', MaximumRetryCount: maximumRetryCount = 0 } = host.RestartPolicy ?? {};
  if (name === 'on-failure') return { name, maximumRetryCount };
  if (name === 'always' || name === 'unless-stopped') return { name, maximumRetryCount: 0 };
  return noRestart;
}
