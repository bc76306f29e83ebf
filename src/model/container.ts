import type { Settings } from './settings.ts';

/**
 * The normal form of one container. A manifest resolves to it, and `inspect` is projected to it, so that the two can
 * be compared field by field. Absent and default mean the same here: lists are sorted where Docker treats them as sets,
 * units are bytes and milliseconds, `null` means "not set: the image's or the engine's default holds".
 *
 * ATTENTION: a field added here must be added to hash.ts (or left out there on purpose), to drift/compare-container.ts,
 * to fleet/create-body.ts and to fleet/project-spec.ts. What few manifests set stands in settings.ts.
 */
export interface ContainerSpec extends Settings {
  readonly image: string;
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  /** A `null` value removes a variable that the image sets. */
  readonly environment: Readonly<Record<string, string | null>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string | null;
  readonly workingDir: string | null;
  readonly hostname: string | null;
  readonly init: boolean | null;
  readonly readOnly: boolean;
  /** Upper case with the `CAP_` prefix (or `ALL`), sorted. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** `key=value` or a bare key, sorted. */
  readonly securityOpt: readonly string[];
  readonly healthcheck: HealthcheckSpec | null;
  /** One entry per container port, sorted by protocol, target, host address and published port. */
  readonly ports: readonly PortSpec[];
  /** `8080/tcp`, sorted; without the published ones. */
  readonly expose: readonly string[];
  /** Sorted by target. */
  readonly mounts: readonly MountSpec[];
  /** Sorted by network name. */
  readonly networks: readonly NetworkAttachment[];
  /** Files of the commit that the container reads, sorted by target. */
  readonly files: readonly FileSpec[];
  /** Folders of the commit, and files that the container may write to, sorted by target; absent: none. */
  readonly fileMounts?: readonly FileMount[];
  readonly stopSignal: string | null;
  readonly stopGraceMs: number | null;
  readonly resources: Resources;
  /** Absent: all is its own, or the host's. */
  readonly shares?: Shares;
  /** The policy of a promoted instance. It is not hashed: it is the promotion bit, see labels.ts. */
  readonly restart: RestartPolicy;
}

export interface HealthcheckSpec {
  /** `['NONE']`, `['CMD', …]` or `['CMD-SHELL', line]`; `null`: the image's. */
  readonly test: readonly string[] | null;
  readonly intervalMs: number | null;
  readonly timeoutMs: number | null;
  readonly startPeriodMs: number | null;
  /** Needs Engine API 1.44. */
  readonly startIntervalMs: number | null;
  readonly retries: number | null;
}

export interface PortSpec {
  readonly target: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** Empty: all addresses of the host. */
  readonly hostIp: string;
  /** A port, a range `8000-8010` from which the engine picks, or empty: any free port. */
  readonly published: string;
}

export type MountSpec = VolumeMount | BindMount | TmpfsMount | ImageMount;

export interface VolumeMount {
  readonly type: 'volume';
  /** Name of the volume on the engine; empty for an anonymous one. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly noCopy: boolean;
  /** A folder within the volume. */
  readonly subpath?: string;
  /** Of an anonymous volume. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface BindMount {
  readonly type: 'bind';
  /** Absolute path on the host. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly createHostPath: boolean;
  /** Empty: the engine's choice, `rprivate`, or `rslave` when the source holds the engine's own data. */
  readonly propagation: string;
  /** Absent: what is mounted below comes along, read-only where the kernel can. */
  readonly recursive?: 'disabled' | 'readonly' | 'writable';
  /** `z`: the label is shared with other containers; `Z`: it is its own. */
  readonly selinux?: 'z' | 'Z';
}

export interface TmpfsMount {
  readonly type: 'tmpfs';
  readonly target: string;
  readonly readOnly: boolean;
  readonly sizeBytes: number | null;
  readonly mode: number | null;
}

export interface ImageMount {
  readonly type: 'image';
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly subpath?: string;
}

export interface NetworkAttachment {
  /** Name of the network on the engine. */
  readonly network: string;
  /** Sorted, without the names that the engine adds itself. */
  readonly aliases: readonly string[];
  readonly ipv4Address?: string;
  readonly ipv6Address?: string;
  readonly linkLocalIps?: readonly string[];
  /** `container:alias`, sorted: names of its own for containers of others. */
  readonly links?: readonly string[];
  /** Lower case, with colons. */
  readonly macAddress?: string;
  readonly driverOptions?: Readonly<Record<string, string>>;
  /** Of several networks the highest gives the default gateway; absent: 0. */
  readonly gatewayPriority?: number;
  /** Of several networks the highest is attached first; absent: 0. Inspect does not show it. */
  readonly priority?: number;
}

export interface FileSpec {
  /** Absolute path in the container; within a folder that is mounted, the path below it. */
  readonly target: string;
  /** The bytes, base64. */
  readonly content: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The content is that of a secret, sealed (see sealed.ts); absent: it is not. */
  readonly sealed?: true;
  /** How a running container takes in another content; absent: it does not, and another instance takes its place. */
  readonly onChange?: OnChange;
}

/** The container is started anew, or gets a signal, such as `SIGHUP`. */
export type OnChange =
  | { readonly kind: 'restart' }
  | { readonly kind: 'signal'; readonly signal: string };

/** What of the commit is mounted: it hides what the image has at the target, as a bind mount does. */
export interface FileMount {
  /** Absolute path in the container. */
  readonly target: string;
  readonly kind: 'file' | 'folder';
  readonly readOnly: boolean;
  /** The one file, or those of the folder, sorted by path. */
  readonly files: readonly FileSpec[];
}

export interface Resources {
  readonly memoryBytes: number | null;
  readonly memoryReservationBytes: number | null;
  readonly nanoCpus: number | null;
  readonly pids: number | null;
  /** Memory and swap together, -1: no bound; absent: the engine's default, twice the memory. */
  readonly memorySwapBytes?: number;
  /** Period of the CPU quota in microseconds; absent: 100 ms. */
  readonly cpuPeriod?: number;
  readonly cpuShares?: number;
  /** Numbers of CPUs, as ranges: `0-2,4`. */
  readonly cpuset?: string;
  readonly blockWeight?: number;
}

/**
 * What a container has in common with one of another service, by the name of that service; with the id of the container
 * where it is known, as of one that is observed or to be created.
 */
export interface Shares {
  readonly network?: string;
  readonly ipc?: string;
  readonly pid?: string;
  /** Whose mounts it has too, in the order written: of two at one target the last counts, and its own go first. */
  readonly volumes?: readonly SharedVolumes[];
}

export interface SharedVolumes {
  readonly from: string;
  readonly readOnly: boolean;
}

export interface RestartPolicy {
  readonly name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** 0: no bound. Only with `on-failure`. */
  readonly maximumRetryCount: number;
}

export const noRestart: RestartPolicy = { name: 'no', maximumRetryCount: 0 };

export function sameRestart(a: RestartPolicy, b: RestartPolicy): boolean {
  return a.name === b.name && a.maximumRetryCount === b.maximumRetryCount;
}
