import type { RestartPolicy } from '../../../src/model/container.ts';
import type { WireHealthcheck, WireMount, WireMountPoint } from '../../../src/fleet/wire.ts';
import type { Behaviour } from './behaviour.ts';
import type { Haproxy } from './haproxy.ts';
import type { SimulatedImage } from './registry.ts';

/** Who did something to a container. */
export type Actor =
  /** A request to the API. */
  | 'api'
  | 'person'
  /** The daemon, by the restart policy: after an exit, or at its own start. */
  | 'restart-policy'
  /** The daemon at its start, or a power loss. */
  | 'boot'
  /** The program ended by itself. */
  | 'itself';

/** `Config` of a container, with what the image gave. */
export interface ContainerConfig {
  readonly Image: string;
  readonly Cmd: readonly string[] | null;
  readonly Entrypoint: readonly string[] | null;
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly User: string;
  readonly WorkingDir: string;
  readonly Hostname: string;
  readonly Healthcheck?: WireHealthcheck;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Volumes: Readonly<Record<string, object>> | null;
  readonly StopSignal?: string;
  readonly StopTimeout?: number;
  readonly Tty: boolean;
}

export interface PortBinding {
  readonly HostIp?: string;
  readonly HostPort?: string;
}

/** `HostConfig` as it was asked for; the resources and the restart policy change in place. */
export interface HostConfig {
  readonly Binds?: readonly string[] | null;
  readonly Mounts?: readonly WireMount[] | null;
  readonly NetworkMode: string;
  readonly Links?: readonly string[] | null;
  readonly VolumesFrom?: readonly string[] | null;
  readonly PortBindings?: Readonly<Record<string, readonly PortBinding[] | null>> | null;
  readonly ReadonlyRootfs?: boolean;
  RestartPolicy: { readonly Name: RestartPolicy['name'] | ''; readonly MaximumRetryCount: number };
  Memory: number;
  MemorySwap: number;
  MemoryReservation: number;
  NanoCpus: number;
  PidsLimit: number | null;
  CpuShares: number;
  CpusetCpus: string;
  BlkioWeight: number;
}

export interface Endpoint {
  /** As asked for; null: nobody said. */
  readonly aliases: readonly string[] | null;
  readonly links: readonly string[] | null;
  /** The engine appends the short id, from a `connect` at once, from a create at the first start. */
  hasShortId: boolean;
  /** Of the network that it was first attached to; it sticks to that one, whatever bears its name later. */
  networkId: string;
}

/** A port that is open on the host. */
export interface OpenPort {
  /** `8080/tcp` */
  readonly key: string;
  readonly protocol: string;
  /** `0.0.0.0` when it is all addresses; then `::` is open as well. */
  readonly hostIp: string;
  readonly hostPort: number;
}

/** A program that runs. It needs no daemon. */
export interface Program {
  readonly behaviour: Behaviour;
  readonly startedAt: number;
  /** Since when it is frozen, or null. */
  pausedAt: number | null;
  /** How long it was frozen before that. */
  pausedMs: number;
  /** It was told to end, and will. */
  isEnding: boolean;
  /** Ends what was to happen to it. */
  cancel: (() => void)[];
  /** What it knows, when it is one; null: it is another program. */
  readonly haproxy: Haproxy | null;
}

/** What the daemon remembers between two exits. A manual start makes a new one. */
export interface RestartManager {
  /** Of the last wait; 0: none yet. */
  delayMs: number;
  count: number;
  /** Somebody asked for the end of the container: no more restarts. */
  isCancelled: boolean;
  /** Ends the wait that is under way. */
  cancelWait: (() => void) | null;
}

export interface ProbeResult {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly exitCode: number;
  readonly output: string;
}

export interface Health {
  status: 'starting' | 'healthy' | 'unhealthy';
  streak: number;
  /** The last five. */
  log: ProbeResult[];
  /** The last probe, when those after it give the same: they are written down only when somebody looks. */
  steady: { readonly everyMs: number; readonly result: ProbeResult } | null;
  /** Ends the probes; null: there are none. */
  stop: (() => void) | null;
}

export interface Container {
  readonly id: string;
  name: string;
  readonly image: SimulatedImage;
  readonly createdAt: number;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly mounts: readonly WireMountPoint[];
  readonly endpoints: Map<string, Endpoint>;
  /** What the daemon has written down. A program may have ended while the daemon was down. */
  isRunning: boolean;
  isPaused: boolean;
  isRestarting: boolean;
  isBeingRemoved: boolean;
  exitCode: number;
  error: string;
  oomKilled: boolean;
  /** By the clock of the engine's user, not of its host; null: never. */
  startedAt: number | null;
  finishedAt: number | null;
  restartCount: number;
  manuallyStopped: boolean;
  restarts: RestartManager;
  health: Health | null;
  program: Program | null;
  /** The exit of a program that the daemon was not there to see. */
  unseenExit: { readonly exitCode: number; readonly at: number } | null;
  open: readonly OpenPort[];
  /** Lines of its log; `stdout` and `stderr` are told apart by the stream they go to. */
  log: { readonly stream: 1 | 2; readonly text: string }[];
  /** The files that were copied into its layer, by path. */
  readonly files: Map<string, Buffer>;
  /** What its program has read of the files that are mounted, by path. */
  loaded: ReadonlyMap<string, Buffer>;
  createdBy: Actor;
  startedBy: Actor | null;
  endedBy: Actor | null;
  /** Calls that wait until a start has succeeded or failed; null: none is under way. */
  starting: (() => void)[] | null;
  /** Calls that wait for the exit. */
  exiting: (() => void)[];
}

export type ContainerStatus =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited';

/** `State.Status`. */
export function statusOf(container: Container): ContainerStatus {
  if (container.isBeingRemoved) return 'removing';
  if (container.isRestarting) return 'restarting';
  if (container.isPaused) return 'paused';
  if (container.isRunning) return 'running';
  return container.startedAt === null ? 'created' : 'exited';
}

export function newRestarts(): RestartManager {
  return { delayMs: 0, count: 0, isCancelled: false, cancelWait: null };
}

/** How long a program has run, without the time in which it was frozen. */
export function elapsedOf(program: Program, now: number): number {
  return (program.pausedAt ?? now) - program.startedAt - program.pausedMs;
}

/** The name as it must be unique: without the leading slash that some callers write. */
export function bareName(name: string): string {
  return name.startsWith('/') ? name.slice(1) : name;
}

export function shortId(id: string): string {
  return id.slice(0, 12);
}
