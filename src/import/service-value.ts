import type {
  ContainerSpec,
  HealthcheckSpec,
  NetworkAttachment,
  PortSpec,
  RestartPolicy,
} from '../model/container.ts';
import { mountValue } from './mount-value.ts';
import { cdiNames, olderLimits, resourcesValue } from './resources-value.ts';
import { size, time } from './scalars.ts';
import type { YamlMap, YamlValue } from './yaml-value.ts';
import { written } from './yaml-value.ts';

/** How the networks and volumes of the engine are called in the manifest. */
export interface ObjectKeys {
  readonly network: (name: string) => string;
  readonly volume: (name: string) => string;
}

/** The service that resolves to a container, without what the manifest says about its instances. */
export function serviceValue(name: string, spec: ContainerSpec, keys: ObjectKeys): YamlMap {
  return {
    image: spec.image,
    // An empty list empties what the image has, so it is written too.
    ...(spec.entrypoint === null ? {} : { entrypoint: spec.entrypoint }),
    ...(spec.command === null ? {} : { command: spec.command }),
    ...written({
      user: spec.user,
      working_dir: spec.workingDir,
      hostname: spec.hostname,
      domainname: spec.domainname,
    }),
    ...(Object.keys(spec.environment).length === 0 ? {} : { environment: spec.environment }),
    ...written({
      ports: spec.ports.map(portValue),
      expose: spec.expose.map((port) => port.replace(/\/tcp$/, '')),
      volumes: spec.mounts.map((mount) => mountValue(mount, keys.volume)),
      tmpfs: Object.entries(spec.tmpfs ?? {}).map(([target, options]) =>
        options === '' ? target : `${target}:${options}`,
      ),
      ...networksValue(name, spec.networks, keys),
      labels: spec.labels,
      healthcheck: healthcheckValue(spec.healthcheck),
    }),
    restart: restartValue(spec.restart),
    ...(spec.init === null ? {} : { init: spec.init }),
    ...written({
      stop_signal: spec.stopSignal,
      stop_grace_period: time(spec.stopGraceMs),
      read_only: spec.readOnly,
      cap_add: spec.capAdd.map(bareCapability),
      cap_drop: spec.capDrop.map(bareCapability),
      security_opt: spec.securityOpt.filter((option) => !isInlineProfile(option)),
    }),
    ...settingsValue(spec),
    ...olderLimits(spec.resources, spec),
    ...written({ deploy: written({ resources: resourcesValue(spec.resources, spec) }) }),
  };
}

/** A profile is a file of the repository, and the engine only shows its content. */
export function isInlineProfile(option: string): boolean {
  return option.startsWith('seccomp={');
}

function settingsValue(spec: ContainerSpec): YamlMap {
  const devices = (spec.devices ?? []).map(({ source, target, permissions }) =>
    permissions === 'rwm' ? `${source}:${target}` : `${source}:${target}:${permissions}`,
  );
  const swappiness = spec.memorySwappiness;
  return {
    ...written({
      annotations: spec.annotations,
      cgroup: spec.cgroup,
      cgroup_parent: spec.cgroupParent,
      cpu_rt_period: spec.cpuRealtimePeriod,
      cpu_rt_runtime: spec.cpuRealtimeRuntime,
      device_cgroup_rules: spec.deviceCgroupRules,
      devices: [...devices, ...cdiNames(spec)],
      dns: spec.dns,
      dns_opt: spec.dnsOptions,
      dns_search: spec.dnsSearch,
      extra_hosts: spec.extraHosts?.map((entry) => entry.replace(':', '=')),
      group_add: spec.groupAdd,
      ipc: spec.ipc,
      logging: written({ driver: spec.logging?.driver, options: spec.logging?.options }),
      oom_kill_disable: spec.oomKillDisable,
      oom_score_adj: spec.oomScoreAdj,
      pid: spec.pid,
      privileged: spec.privileged,
      runtime: spec.runtime,
      shm_size: size(spec.shmBytes),
      stdin_open: spec.stdinOpen,
      storage_opt: spec.storageOptions,
      sysctls: spec.sysctls,
      tty: spec.tty,
      ulimits: Object.fromEntries(
        (spec.ulimits ?? []).map(({ name, soft, hard }) => [
          name,
          soft === hard ? soft : { soft, hard },
        ]),
      ),
      userns_mode: spec.userns,
      uts: spec.uts,
    }),
    // Zero is a value of its own.
    ...(swappiness === undefined ? {} : { mem_swappiness: swappiness }),
  };
}

function portValue({ target, protocol, hostIp, published }: PortSpec): YamlValue {
  const address = hostIp.includes(':') ? `[${hostIp}]` : hostIp;
  const host = [address, published].filter((part) => part !== '').join(':');
  const suffix = protocol === 'tcp' ? '' : `/${protocol}`;
  if (hostIp !== '' && published === '') {
    return written({ target, host_ip: hostIp, protocol });
  }
  return host === '' ? `${target}${suffix}` : `${host}:${target}${suffix}`;
}

function networksValue(
  name: string,
  networks: readonly NetworkAttachment[],
  keys: ObjectKeys,
): Record<string, YamlValue> {
  const [first] = networks;
  if (first === undefined) return { network_mode: 'none' };
  if (networks.length === 1 && ['host', 'bridge'].includes(first.network)) {
    return { network_mode: first.network };
  }
  const attachments = networks.map((each): [string, YamlMap] => [
    keys.network(each.network),
    attachmentValue(name, each),
  ]);
  const isImplicit =
    attachments.length === 1 &&
    attachments.every(([key, value]) => key === 'default' && Object.keys(value).length === 0);
  if (isImplicit) return {};
  const isPlain = attachments.every(([, value]) => Object.keys(value).length === 0);
  return {
    networks: isPlain ? attachments.map(([key]) => key) : Object.fromEntries(attachments),
  };
}

/** The name of the service comes by itself. */
function attachmentValue(name: string, attachment: NetworkAttachment): YamlMap {
  return written({
    aliases: attachment.aliases.filter((alias) => alias !== name),
    ipv4_address: attachment.ipv4Address,
    ipv6_address: attachment.ipv6Address,
    link_local_ips: attachment.linkLocalIps,
    driver_opts: attachment.driverOptions,
    gw_priority: attachment.gatewayPriority,
    priority: attachment.priority,
  });
}

function healthcheckValue(check: HealthcheckSpec | null): YamlMap {
  if (check === null) return {};
  if (check.test?.[0] === 'NONE') return { disable: true };
  return written({
    test: check.test,
    interval: time(check.intervalMs),
    timeout: time(check.timeoutMs),
    start_period: time(check.startPeriodMs),
    start_interval: time(check.startIntervalMs),
    retries: check.retries,
  });
}

function restartValue({ name, maximumRetryCount }: RestartPolicy): string {
  return maximumRetryCount > 0 ? `${name}:${maximumRetryCount}` : name;
}

function bareCapability(name: string): string {
  return name.replace(/^CAP_/, '');
}
