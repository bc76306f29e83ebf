import { present } from '../model/present.ts';
import type {
  BlockDevices,
  DeviceAmount,
  DeviceRequest,
  LoggingSpec,
  Settings,
} from '../model/settings.ts';
import { cleanPath, compareText } from './normal-form.ts';
import type {
  WireAmount,
  WireContainer,
  WireDeviceRequest,
  WireHostConfig,
  WireUlimit,
} from './wire.ts';

/** The settings of a container in their normal form: zero, null, empty and the engine's "no" are all left out. */
export function projectSettings(container: Pick<WireContainer, 'Config' | 'HostConfig'>): Settings {
  const config = container.Config ?? {};
  const host = container.HostConfig ?? {};
  return present({
    annotations: host.Annotations,
    blockDevices: projectBlockDevices(host),
    cgroup: oneOf(host.CgroupnsMode, ['host', 'private'] as const),
    cgroupParent: host.CgroupParent,
    cpuRealtimePeriod: host.CpuRealtimePeriod || null,
    cpuRealtimeRuntime: host.CpuRealtimeRuntime || null,
    deviceCgroupRules: host.DeviceCgroupRules,
    devices: projectDevices(host),
    deviceRequests: (host.DeviceRequests ?? []).map(projectDeviceRequest),
    dns: host.Dns,
    dnsOptions: host.DnsOptions,
    dnsSearch: host.DnsSearch,
    domainname: config.Domainname,
    extraHosts: (host.ExtraHosts ?? []).map(canonicalHost).toSorted(compareText),
    groupAdd: (host.GroupAdd ?? []).toSorted(compareText),
    ipc: host.IpcMode?.startsWith('container:') === true ? null : host.IpcMode,
    logging: projectLogging(host),
    memorySwappiness: (host.MemorySwappiness ?? -1) < 0 ? null : host.MemorySwappiness,
    oomKillDisable: host.OomKillDisable === true || null,
    oomScoreAdj: host.OomScoreAdj || null,
    pid: oneOf(host.PidMode, ['host'] as const),
    privileged: host.Privileged === true || null,
    runtime: host.Runtime,
    shmBytes: host.ShmSize || null,
    stdinOpen: config.OpenStdin === true || null,
    storageOptions: host.StorageOpt,
    sysctls: host.Sysctls,
    tmpfs: projectTmpfs(host),
    tty: config.Tty === true || null,
    ulimits: (host.Ulimits ?? [])
      .map(projectUlimit)
      .toSorted((a, b) => compareText(a.name, b.name)),
    userns: oneOf(host.UsernsMode, ['host'] as const),
    uts: oneOf(host.UTSMode, ['host'] as const),
  }) as Settings;
}

function oneOf<T extends string>(text: string | undefined, allowed: readonly T[]): T | null {
  return allowed.find((each) => each === text) ?? null;
}

function projectBlockDevices(host: WireHostConfig): BlockDevices {
  return present({
    weights: projectAmounts(host.BlkioWeightDevice),
    readBytes: projectAmounts(host.BlkioDeviceReadBps),
    writeBytes: projectAmounts(host.BlkioDeviceWriteBps),
    readOperations: projectAmounts(host.BlkioDeviceReadIOps),
    writeOperations: projectAmounts(host.BlkioDeviceWriteIOps),
  });
}

function projectAmounts(list: readonly WireAmount[] | null | undefined): readonly DeviceAmount[] {
  return (list ?? [])
    .map(({ Path = '', Rate, Weight }) => ({ path: Path, amount: Rate ?? Weight ?? 0 }))
    .toSorted((a, b) => compareText(a.path, b.path));
}

function projectDevices(host: WireHostConfig): NonNullable<Settings['devices']> {
  return (host.Devices ?? [])
    .map(({ PathOnHost = '', PathInContainer = '', CgroupPermissions = '' }) => ({
      source: PathOnHost,
      target: PathInContainer,
      permissions: CgroupPermissions || 'rwm',
    }))
    .toSorted((a, b) => compareText(a.target, b.target));
}

function projectDeviceRequest(request: WireDeviceRequest): DeviceRequest {
  return {
    driver: request.Driver ?? '',
    count: request.Count ?? 0,
    ids: request.DeviceIDs ?? [],
    capabilities: (request.Capabilities?.[0] ?? []).toSorted(compareText),
    options: request.Options ?? {},
  };
}

/** `name:address`; the command line may have sent `name=address`. */
function canonicalHost(entry: string): string {
  return entry.replace(/^([^:=]+)=/, '$1:').replace(/\[(.*)\]$/, '$1');
}

function projectLogging({ LogConfig }: WireHostConfig): LoggingSpec {
  return present({ driver: LogConfig?.Type, options: LogConfig?.Config });
}

function projectTmpfs(host: WireHostConfig): NonNullable<Settings['tmpfs']> {
  return Object.fromEntries(
    Object.entries(host.Tmpfs ?? {}).map(([target, options]) => [cleanPath(target), options]),
  );
}

function projectUlimit(limit: WireUlimit): NonNullable<Settings['ulimits']>[number] {
  const { Name: name = '', Soft: soft = 0, Hard: hard = 0 } = limit;
  return { name, soft, hard };
}
