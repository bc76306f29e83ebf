/**
 * The parts of the Engine API's answers that this room reads, as they come: anything may be absent or null, since Go's
 * nil slices and maps arrive as null and API versions differ. Nothing outside this room sees these shapes.
 */
type Maybe<T> = T | null | undefined;
type StringMap = Maybe<Readonly<Record<string, string>>>;
type Strings = Maybe<readonly string[]>;

export interface WireVersion {
  readonly ApiVersion?: string;
  readonly MinAPIVersion?: string;
  readonly Version?: string;
  readonly Os?: string;
  readonly Arch?: string;
  readonly Components?: Maybe<readonly { readonly Name?: string; readonly Version?: string }[]>;
}

export interface WireInfo {
  readonly ID?: string;
  readonly Name?: string;
  readonly ServerVersion?: string;
  readonly NCPU?: number;
  readonly MemTotal?: number;
  readonly Labels?: Strings;
  readonly SystemTime?: string;
}

export interface WireHealthcheck {
  readonly Test?: Strings;
  /** Durations are in nanoseconds; 0: inherited. */
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

interface WireConfig {
  readonly Image?: string;
  readonly Cmd?: Strings;
  readonly Entrypoint?: Strings;
  readonly Env?: Strings;
  readonly Labels?: StringMap;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Hostname?: string;
  readonly Domainname?: string;
  readonly Healthcheck?: Maybe<WireHealthcheck>;
  readonly ExposedPorts?: Maybe<Readonly<Record<string, unknown>>>;
  readonly Volumes?: Maybe<Readonly<Record<string, unknown>>>;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: Maybe<number>;
  readonly OpenStdin?: boolean;
  readonly Tty?: boolean;
}

interface WirePortBinding {
  readonly HostIp?: string;
  readonly HostPort?: string;
}

export type WirePortMap = Maybe<Readonly<Record<string, Maybe<readonly WirePortBinding[]>>>>;

export interface WireMount {
  readonly Type?: string;
  readonly Source?: string;
  readonly Target?: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: Maybe<{
    readonly Propagation?: string;
    readonly CreateMountpoint?: boolean;
    readonly NonRecursive?: boolean;
    readonly ReadOnlyNonRecursive?: boolean;
    readonly ReadOnlyForceRecursive?: boolean;
  }>;
  readonly VolumeOptions?: Maybe<{
    readonly NoCopy?: boolean;
    readonly Subpath?: string;
    readonly Labels?: StringMap;
  }>;
  readonly ImageOptions?: Maybe<{ readonly Subpath?: string }>;
  readonly TmpfsOptions?: Maybe<{ readonly SizeBytes?: number; readonly Mode?: number }>;
}

/** A limit of one device: `Rate` of its traffic, or `Weight`. */
export interface WireAmount {
  readonly Path?: string;
  readonly Rate?: number;
  readonly Weight?: number;
}

export interface WireDeviceRequest {
  readonly Driver?: string;
  readonly Count?: number;
  readonly DeviceIDs?: Strings;
  readonly Capabilities?: Maybe<readonly Strings[]>;
  readonly Options?: StringMap;
}

export interface WireUlimit {
  readonly Name?: string;
  readonly Soft?: number;
  readonly Hard?: number;
}

export interface WireMountPoint {
  readonly Type?: string;
  readonly Name?: string;
  readonly Source?: string;
  readonly Destination?: string;
  readonly RW?: boolean;
}

export interface WireHostConfig {
  readonly Binds?: Strings;
  readonly Mounts?: Maybe<readonly WireMount[]>;
  readonly Tmpfs?: StringMap;
  readonly NetworkMode?: string;
  readonly PortBindings?: WirePortMap;
  readonly RestartPolicy?: Maybe<{ readonly Name?: string; readonly MaximumRetryCount?: number }>;
  readonly CapAdd?: Strings;
  readonly CapDrop?: Strings;
  readonly SecurityOpt?: Strings;
  readonly ReadonlyRootfs?: boolean;
  readonly Init?: Maybe<boolean>;
  readonly Memory?: number;
  readonly MemoryReservation?: number;
  readonly NanoCpus?: number;
  readonly CpuQuota?: number;
  readonly CpuPeriod?: number;
  readonly CpuShares?: number;
  readonly CpusetCpus?: string;
  readonly MemorySwap?: number;
  readonly BlkioWeight?: number;
  readonly PidsLimit?: Maybe<number>;
  readonly Annotations?: StringMap;
  readonly BlkioWeightDevice?: Maybe<readonly WireAmount[]>;
  readonly BlkioDeviceReadBps?: Maybe<readonly WireAmount[]>;
  readonly BlkioDeviceWriteBps?: Maybe<readonly WireAmount[]>;
  readonly BlkioDeviceReadIOps?: Maybe<readonly WireAmount[]>;
  readonly BlkioDeviceWriteIOps?: Maybe<readonly WireAmount[]>;
  readonly CgroupnsMode?: string;
  readonly CgroupParent?: string;
  readonly CpuRealtimePeriod?: number;
  readonly CpuRealtimeRuntime?: number;
  readonly DeviceCgroupRules?: Strings;
  readonly Devices?: Maybe<
    readonly {
      readonly PathOnHost?: string;
      readonly PathInContainer?: string;
      readonly CgroupPermissions?: string;
    }[]
  >;
  readonly DeviceRequests?: Maybe<readonly WireDeviceRequest[]>;
  readonly Dns?: Strings;
  readonly DnsOptions?: Strings;
  readonly DnsSearch?: Strings;
  readonly ExtraHosts?: Strings;
  readonly GroupAdd?: Strings;
  readonly IpcMode?: string;
  readonly Links?: Strings;
  readonly LogConfig?: Maybe<{ readonly Type?: string; readonly Config?: StringMap }>;
  readonly MaskedPaths?: Strings;
  readonly MemorySwappiness?: Maybe<number>;
  readonly OomKillDisable?: Maybe<boolean>;
  readonly OomScoreAdj?: number;
  readonly PidMode?: string;
  readonly Privileged?: boolean;
  readonly ReadonlyPaths?: Strings;
  readonly Runtime?: string;
  readonly ShmSize?: number;
  readonly StorageOpt?: StringMap;
  readonly Sysctls?: StringMap;
  readonly Ulimits?: Maybe<readonly WireUlimit[]>;
  readonly UsernsMode?: string;
  readonly UTSMode?: string;
  readonly VolumesFrom?: Strings;
}

export interface WireEndpoint {
  readonly NetworkID?: string;
  readonly Aliases?: Strings;
  readonly Links?: Strings;
  readonly IPAMConfig?: Maybe<{
    readonly IPv4Address?: string;
    readonly IPv6Address?: string;
    readonly LinkLocalIPs?: Strings;
  }>;
  readonly MacAddress?: string;
  readonly DriverOpts?: StringMap;
  readonly GwPriority?: number;
}

export interface WireContainer {
  readonly Id: string;
  readonly Name?: string;
  /** Id of the image. */
  readonly Image?: string;
  readonly RestartCount?: number;
  readonly State?: Maybe<{
    readonly Status?: string;
    readonly Running?: boolean;
    readonly Paused?: boolean;
    readonly Restarting?: boolean;
    readonly OOMKilled?: boolean;
    readonly Dead?: boolean;
    readonly ExitCode?: number;
    readonly Error?: string;
    readonly StartedAt?: string;
    readonly FinishedAt?: string;
    readonly Health?: Maybe<{
      readonly Status?: string;
      readonly Log?: Maybe<readonly { readonly Output?: string }[]>;
    }>;
  }>;
  readonly Config?: Maybe<WireConfig>;
  readonly HostConfig?: Maybe<WireHostConfig>;
  readonly Mounts?: Maybe<readonly WireMountPoint[]>;
  readonly NetworkSettings?: Maybe<{
    readonly Ports?: WirePortMap;
    readonly Networks?: Maybe<Readonly<Record<string, Maybe<WireEndpoint>>>>;
  }>;
}

/** A row of `GET /containers/json`. */
export interface WireListedContainer {
  readonly Id: string;
  readonly Names?: Strings;
  readonly Image?: string;
  readonly ImageID?: string;
  readonly State?: string;
  readonly Labels?: StringMap;
  readonly Ports?: Maybe<
    readonly {
      readonly IP?: string;
      readonly PrivatePort?: number;
      readonly PublicPort?: number;
      readonly Type?: string;
    }[]
  >;
  readonly NetworkSettings?: Maybe<{
    readonly Networks?: Maybe<Readonly<Record<string, Maybe<WireEndpoint>>>>;
  }>;
}

export interface WireNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Driver?: string;
  readonly Internal?: boolean;
  readonly Labels?: StringMap;
  readonly Options?: StringMap;
  readonly EnableIPv6?: boolean;
  readonly IPAM?: Maybe<{
    readonly Driver?: string;
    readonly Config?: Maybe<
      readonly {
        readonly Subnet?: string;
        readonly IPRange?: string;
        readonly Gateway?: string;
        readonly AuxiliaryAddresses?: StringMap;
      }[]
    >;
  }>;
}

export interface WireVolume {
  readonly Name: string;
  readonly Driver?: string;
  readonly Labels?: StringMap;
  readonly Mountpoint?: string;
  readonly Options?: StringMap;
}

/** A row of `GET /images/json`. */
export interface WireListedImage {
  readonly Id: string;
  readonly RepoTags?: Strings;
  readonly RepoDigests?: Strings;
}

export interface WireImage extends WireListedImage {
  readonly Os?: string;
  readonly Architecture?: string;
  readonly Config?: Maybe<WireConfig>;
}

export interface WireEvent {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: Maybe<{ readonly ID?: string; readonly Attributes?: StringMap }>;
  /** Nanoseconds since the epoch by the clock of the engine; as a number, good to a microsecond. */
  readonly timeNano?: number;
}

/** A command that is, or was, run in a container. */
export interface WireExec {
  readonly Running?: boolean;
  readonly ExitCode?: Maybe<number>;
}

/** A part of `GET /containers/{id}/stats`. */
export interface WireStats {
  /** By the clock of the engine; the zero time of Go for one that does not run. */
  readonly read?: string;
  readonly cpu_stats?: Maybe<{
    /** Nanoseconds of one CPU, since the start of the container. */
    readonly cpu_usage?: Maybe<{ readonly total_usage?: number }>;
  }>;
}

/** What a registry says of a reference, in part. */
export interface WireDistribution {
  readonly Descriptor?: { readonly digest?: string };
}
