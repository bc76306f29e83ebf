import type { Resources } from '../model/container.ts';
import type { BlockDevices, DeviceAmount, DeviceRequest, Settings } from '../model/settings.ts';
import { size } from './scalars.ts';
import type { YamlMap, YamlValue } from './yaml-value.ts';
import { written } from './yaml-value.ts';

/** `deploy.resources` of a service. */
export function resourcesValue(resources: Resources, settings: Settings): YamlMap {
  const { memoryBytes, memoryReservationBytes, nanoCpus, pids, cpuPeriod } = resources;
  const requests = (settings.deviceRequests ?? []).filter((request) => !isCdi(request));
  return written({
    limits: written({
      // A period of its own can only be written as a quota.
      cpus: nanoCpus === null || cpuPeriod !== undefined ? null : String(nanoCpus / 1e9),
      memory: size(memoryBytes),
      pids,
    }),
    reservations: written({
      memory: size(memoryReservationBytes),
      devices: requests.map(requestValue),
    }),
  });
}

/** Limits that have no place below `deploy`. */
export function olderLimits(resources: Resources, settings: Settings): YamlMap {
  const { nanoCpus, cpuPeriod, cpuShares, cpuset, memoryBytes, memorySwapBytes } = resources;
  const hasPeriod = nanoCpus !== null && cpuPeriod !== undefined;
  const swap = memoryBytes === null ? undefined : memorySwapBytes;
  return written({
    ...(hasPeriod
      ? { cpu_quota: Math.round((nanoCpus * cpuPeriod) / 1e9), cpu_period: cpuPeriod }
      : {}),
    cpu_shares: cpuShares,
    cpuset,
    memswap_limit: swap === -1 ? -1 : size(swap),
    blkio_config: blockValue(resources.blockWeight, settings.blockDevices ?? {}),
  });
}

/** Devices that a driver names, which stand among the devices of the host. */
export function cdiNames({ deviceRequests = [] }: Settings): readonly string[] {
  return deviceRequests.filter(isCdi).flatMap(({ ids }) => ids);
}

function isCdi({ driver, capabilities }: DeviceRequest): boolean {
  return driver === 'cdi' && capabilities.length === 0;
}

function requestValue(request: DeviceRequest): YamlValue {
  const { driver, count, ids, capabilities, options } = request;
  return {
    ...written({ driver, device_ids: ids }),
    ...(ids.length > 0 ? {} : { count: count === -1 ? 'all' : count }),
    capabilities,
    ...written({ options }),
  };
}

function blockValue(weight: number | undefined, devices: BlockDevices): YamlMap {
  return written({
    weight,
    weight_device: (devices.weights ?? []).map(({ path, amount }) => ({ path, weight: amount })),
    device_read_bps: rates(devices.readBytes),
    device_write_bps: rates(devices.writeBytes),
    device_read_iops: rates(devices.readOperations),
    device_write_iops: rates(devices.writeOperations),
  });
}

function rates(list: readonly DeviceAmount[] | undefined): YamlValue {
  return (list ?? []).map(({ path, amount }) => ({ path, rate: amount }));
}
