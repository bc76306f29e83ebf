/**
 * What Docker can set on a container, has a default for, and few manifests say: each is absent unless it is set. An
 * absent one is not part of the hash either, so a setting added here changes the hash of no manifest that exists.
 *
 * ATTENTION: a setting added here must be added to manifest/resolve/settings.ts, to fleet/settings-body.ts, to
 * fleet/project-settings.ts, to drift/compare-settings.ts and, when old engines lack it, to model/needed-versions.ts.
 */
export interface Settings {
  readonly annotations?: Readonly<Record<string, string>>;
  /** Device limits of block input and output, each sorted by path. */
  readonly blockDevices?: BlockDevices;
  readonly cgroup?: 'host' | 'private';
  readonly cgroupParent?: string;
  /** Microseconds. */
  readonly cpuRealtimePeriod?: number;
  readonly cpuRealtimeRuntime?: number;
  readonly deviceCgroupRules?: readonly string[];
  /** Sorted by the path in the container. */
  readonly devices?: readonly DeviceSpec[];
  /** Devices that a driver of the engine hands out, such as GPUs; in the order written. */
  readonly deviceRequests?: readonly DeviceRequest[];
  /** In the order in which they are asked. */
  readonly dns?: readonly string[];
  readonly dnsOptions?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly domainname?: string;
  /** `name:address`, sorted. */
  readonly extraHosts?: readonly string[];
  /** Sorted. */
  readonly groupAdd?: readonly string[];
  readonly ipc?: string;
  readonly logging?: LoggingSpec;
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: true;
  readonly oomScoreAdj?: number;
  readonly pid?: 'host';
  readonly privileged?: true;
  readonly runtime?: string;
  readonly shmBytes?: number;
  readonly stdinOpen?: true;
  readonly storageOptions?: Readonly<Record<string, string>>;
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Options by target, as the engine's short notation has them. */
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly tty?: true;
  /** Sorted by name. */
  readonly ulimits?: readonly UlimitSpec[];
  readonly userns?: 'host';
  readonly uts?: 'host';
}

export interface BlockDevices {
  readonly weights?: readonly DeviceAmount[];
  /** Bytes a second. */
  readonly readBytes?: readonly DeviceAmount[];
  readonly writeBytes?: readonly DeviceAmount[];
  /** Operations a second. */
  readonly readOperations?: readonly DeviceAmount[];
  readonly writeOperations?: readonly DeviceAmount[];
}

export interface DeviceAmount {
  readonly path: string;
  readonly amount: number;
}

export interface DeviceSpec {
  /** Path on the host. */
  readonly source: string;
  readonly target: string;
  /** Of `r`, `w` and `m`. */
  readonly permissions: string;
}

export interface DeviceRequest {
  /** Empty: whichever has the capabilities. */
  readonly driver: string;
  /** -1: all; 0: those that `ids` names. */
  readonly count: number;
  readonly ids: readonly string[];
  /** Sorted. */
  readonly capabilities: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

export interface LoggingSpec {
  /** Absent: the engine's default. */
  readonly driver?: string;
  readonly options?: Readonly<Record<string, string>>;
}

export interface UlimitSpec {
  readonly name: string;
  /** -1: none. */
  readonly soft: number;
  readonly hard: number;
}
