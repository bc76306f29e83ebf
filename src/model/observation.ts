import type { IpamPool } from './application.ts';
import type { ContainerSpec, RestartPolicy } from './container.ts';
import type { EngineChange } from './engine-change.ts';
import type { FileStamps } from './file-stamps.ts';
import type { ContainerId, HostName } from './names.ts';

/** "No containers" and "cannot see" are two different things, and the type keeps them apart. */
export type HostObservation = ReachableHost | UnreachableHost;

export interface UnreachableHost {
  readonly kind: 'unreachable';
  readonly host: HostName;
  /** Milliseconds since the epoch, our clock: when it was last seen, or when we began to try. */
  readonly since: number;
  /** Why, for people; never holds a credential. */
  readonly reason: string;
  /** This process has not seen it yet. */
  readonly neverSeen?: true;
  /** It answers, and cannot be believed: it is not away. */
  readonly answers?: true;
  /** It may be we who are cut off: it has just gone out of sight and the others are being asked, or another has just come back. */
  readonly isUncertain?: true;
}

export interface ReachableHost {
  readonly kind: 'reachable';
  readonly host: HostName;
  /** Milliseconds since the epoch, our clock: when this picture was complete. */
  readonly observedAt: number;
  /** Since when it has been seen without a break, our clock: what happened before may have happened to the host. */
  readonly watchedSince: number;
  readonly engine: EngineFacts;
  /** Containers that carry the label of our fleet, and those that are to be taken on or were. Sorted by name. */
  readonly containers: readonly ObservedContainer[];
  /** All others, with what placement and reports need. */
  readonly unmanaged: readonly UnmanagedContainer[];
  readonly networks: readonly ObservedNetwork[];
  readonly volumes: readonly ObservedVolume[];
  readonly images: readonly ObservedImage[];
  /** The last that others did here to what is ours, as far as the engine told, the oldest first; absent: nothing. */
  readonly changes?: readonly EngineChange[];
}

export interface EngineFacts {
  /** The daemon's own id: two names with one id are one engine. */
  readonly id: string;
  readonly hostname: string;
  readonly version: string;
  /** Negotiated: the highest version that both sides speak, such as `1.41`. */
  readonly apiVersion: string;
  readonly os: string;
  /** As image manifests name it: `amd64`, `arm64`, … */
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly labels: Readonly<Record<string, string>>;
}

export type ContainerState =
  | 'created'
  | 'running'
  | 'restarting'
  | 'paused'
  | 'exited'
  | 'dead'
  | 'removing';

export type ContainerHealth = 'none' | 'starting' | 'healthy' | 'unhealthy';

export interface ObservedContainer {
  readonly id: ContainerId;
  readonly host: HostName;
  /** Without the leading slash. */
  readonly name: string;
  /** All labels, ours and others'. */
  readonly labels: Readonly<Record<string, string>>;
  readonly state: ContainerState;
  readonly health: ContainerHealth;
  /** Output of the last health probes, oldest first; empty without a HEALTHCHECK. */
  readonly healthLog: readonly string[];
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Set when the engine could not start it: the engine's own words. */
  readonly startError: string;
  readonly restartCount: number;
  /** Milliseconds since the epoch on our clock (the host's skew is taken out); null: never. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly imageId: string;
  readonly restart: RestartPolicy;
  /** Ports as really published now; empty when not running. */
  readonly published: readonly PublishedPort[];
  /**
   * `inspect` in the normal form, with everything that the image contributed still in it. `labels` here holds all
   * labels, `networks` the networks attached now, `restart` the policy now, `files` is always empty.
   */
  readonly spec: ContainerSpec;
  /** By target, stamps of the files that are not as they were delivered; absent: none, as far as it was looked at. */
  readonly altered?: FileStamps;
  /** By path, stamps of the files that change while it runs, as it was last told of them; absent: it has none. */
  readonly told?: FileStamps;
}

export interface PublishedPort {
  readonly target: number;
  readonly protocol: string;
  readonly hostIp: string;
  readonly hostPort: number;
}

export interface UnmanagedContainer {
  readonly id: ContainerId;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly state: ContainerState;
  readonly labels: Readonly<Record<string, string>>;
  readonly published: readonly PublishedPort[];
  /** Names of those that it is attached to. Sorted. */
  readonly networks: readonly string[];
}

export interface ObservedNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: they are not known. */
  readonly settings?: ObservedNetworkSettings;
}

export interface ObservedNetworkSettings {
  readonly options: Readonly<Record<string, string>>;
  readonly enableIpv6: boolean;
  readonly ipamDriver: string;
  readonly pools: readonly IpamPool[];
}

export interface ObservedVolume {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: they are not known. */
  readonly options?: Readonly<Record<string, string>>;
}

/** An image on a host, with the defaults that a container inherits from it. */
export interface ObservedImage {
  readonly id: string;
  /** `name:tag` as the engine lists them. */
  readonly tags: readonly string[];
  /** `name@sha256:…`. */
  readonly digests: readonly string[];
  readonly os: string;
  readonly architecture: string;
  readonly defaults: ImageDefaults;
}

export interface ImageDefaults {
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workingDir: string;
  readonly healthcheck: ContainerSpec['healthcheck'];
  /** `8080/tcp`. */
  readonly expose: readonly string[];
  /** Paths that become anonymous volumes. */
  readonly volumes: readonly string[];
  readonly stopSignal: string;
}

/** Of an image that sets nothing, or that is not known. */
export const noDefaults: ImageDefaults = {
  command: null,
  entrypoint: null,
  environment: {},
  labels: {},
  user: '',
  workingDir: '',
  healthcheck: null,
  expose: [],
  volumes: [],
  stopSignal: '',
};
