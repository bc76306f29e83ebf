import type { ContainerSpec } from '../model/container.ts';
import { present } from '../model/present.ts';
import type { BlockDevices, DeviceAmount, DeviceRequest, Settings } from '../model/settings.ts';
import { unconfinedPaths } from './normal-form.ts';

/** The settings that stand in the root of a create body; what is not set is left out. */
export function settingsConfig(settings: Settings): object {
  return present({
    Domainname: settings.domainname,
    OpenStdin: settings.stdinOpen,
    Tty: settings.tty,
  });
}

/** The settings that stand in `HostConfig`; what is not set is left out. */
export function settingsHostConfig(settings: Settings): object {
  return present({
    Annotations: settings.annotations,
    ...blockDevicesBody(settings.blockDevices ?? {}),
    CgroupnsMode: settings.cgroup,
    CgroupParent: settings.cgroupParent,
    CpuRealtimePeriod: settings.cpuRealtimePeriod,
    CpuRealtimeRuntime: settings.cpuRealtimeRuntime,
    DeviceCgroupRules: settings.deviceCgroupRules,
    Devices: settings.devices?.map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions,
    })),
    DeviceRequests: settings.deviceRequests?.map(deviceRequestBody),
    Dns: settings.dns,
    DnsOptions: settings.dnsOptions,
    DnsSearch: settings.dnsSearch,
    ExtraHosts: settings.extraHosts,
    GroupAdd: settings.groupAdd,
    IpcMode: settings.ipc,
    LogConfig: present({ Type: settings.logging?.driver, Config: settings.logging?.options }),
    MemorySwappiness: settings.memorySwappiness,
    OomKillDisable: settings.oomKillDisable,
    OomScoreAdj: settings.oomScoreAdj,
    PidMode: settings.pid,
    Privileged: settings.privileged,
    Runtime: settings.runtime,
    ShmSize: settings.shmBytes,
    StorageOpt: settings.storageOptions,
    Sysctls: settings.sysctls,
    Tmpfs: settings.tmpfs,
    Ulimits: settings.ulimits?.map(({ name, soft, hard }) => ({
      Name: name,
      Soft: soft,
      Hard: hard,
    })),
    UsernsMode: settings.userns,
    UTSMode: settings.uts,
  });
}

/** `systempaths=unconfined` is a word of the command line: to the engine it is two empty lists. */
export function securityBody(options: ContainerSpec['securityOpt']): object {
  const sent = options.filter((option) => option !== unconfinedPaths);
  return {
    ...(sent.length === 0 ? {} : { SecurityOpt: sent }),
    ...(sent.length === options.length ? {} : { MaskedPaths: [], ReadonlyPaths: [] }),
  };
}

function blockDevicesBody(devices: BlockDevices): object {
  return {
    BlkioWeightDevice: devices.weights?.map(({ path, amount }) => ({
      Path: path,
      Weight: amount,
    })),
    BlkioDeviceReadBps: rates(devices.readBytes),
    BlkioDeviceWriteBps: rates(devices.writeBytes),
    BlkioDeviceReadIOps: rates(devices.readOperations),
    BlkioDeviceWriteIOps: rates(devices.writeOperations),
  };
}

function rates(amounts: readonly DeviceAmount[] | undefined): readonly object[] | undefined {
  return amounts?.map(({ path, amount }) => ({ Path: path, Rate: amount }));
}

function deviceRequestBody(request: DeviceRequest): object {
  return {
    Driver: request.driver,
    Count: request.count,
    DeviceIDs: request.ids,
    Capabilities: request.capabilities.length === 0 ? [] : [request.capabilities],
    Options: request.options,
  };
}
