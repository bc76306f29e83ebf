import type { NetworkSpec, ServiceSpec, VolumeSpec } from './application.ts';
import type { DriftValue } from './drift.ts';
import type { NetworkAttachment, Resources, RestartPolicy } from './container.ts';
import type { FileStamps } from './file-stamps.ts';
import type { Hook } from './hooks.ts';
import type { InstanceIdentity } from './labels.ts';
import type { CommitSha, ContainerId, HostName } from './names.ts';
import type { Origin } from './origin.ts';
import type { ContainerState } from './observation.ts';
import type { TrafficChange } from './traffic.ts';

/** Why a step is taken: the commit that asks for it, the line that says so, and the reason in words. */
export interface Cause {
  readonly commit: CommitSha;
  readonly origin: Origin | null;
  /** Path below the service, such as `image`; empty for the service as a whole. */
  readonly path: string;
  readonly reason: string;
  /** The fields that make this step necessary, where it is about fields. */
  readonly changes: readonly Change[];
}

export interface Change {
  readonly path: string;
  readonly from: DriftValue;
  readonly to: DriftValue;
}

/**
 * One mutation of one host: one Engine API call (with those that bring files to its host, and run hooks), or one change at a
 * proxy.
 */
export interface Step {
  /**
   * What the step works on: a slot key, or `host/network/name` and the like. One step per key is under way at a time, and
   * the same step decided twice has the same key.
   */
  readonly key: string;
  readonly host: HostName;
  readonly application: string;
  /** Empty for what belongs to the application as a whole. */
  readonly service: string;
  readonly slot: string;
  readonly action: Action;
  readonly cause: Cause;
}

export function isTrafficAction(action: Action): action is TrafficAction {
  return isTrafficKind(action.kind);
}

export function isTrafficKind(kind: ActionKind): boolean {
  return trafficKinds.has(kind);
}

const trafficKinds: ReadonlySet<ActionKind> = new Set<TrafficAction['kind']>([
  'admit-endpoint',
  'withdraw-endpoint',
  'remove-endpoint',
  'route-requests',
]);

/** The code of an update that the engine refuses for what the container uses now: another one takes its place. */
export const updateRefused = 'UpdateRefused';

/** What must still be true of a container when the step reaches the host; else the step is skipped, not forced. */
export interface ContainerGuard {
  readonly id: ContainerId;
  /** The `fleetwright.self` label; empty for a container that was taken on. */
  readonly self: string;
  /** Labels that a container that was taken on must have: it carries none of ours. */
  readonly adopted?: Readonly<Record<string, string>>;
  /** States in which the step makes sense. */
  readonly states: readonly ContainerState[];
}

export type Action = HostAction | TrafficAction;

/** What is done to a host by its engine. */
export type HostAction =
  | { readonly kind: 'pull-image'; readonly image: string }
  | {
      readonly kind: 'remove-image';
      readonly id: string;
      /** For people. */
      readonly name: string;
      /** All names that it may have; with another one it is left alone. */
      readonly references: readonly string[];
    }
  | { readonly kind: 'create-network'; readonly network: NetworkSpec }
  | { readonly kind: 'remove-network'; readonly name: string; readonly id: string }
  | { readonly kind: 'create-volume'; readonly volume: VolumeSpec }
  | {
      readonly kind: 'remove-volume';
      readonly name: string;
      /** The request that asks for it, and is answered with what comes of it. */
      readonly request: number;
    }
  | {
      readonly kind: 'create-container';
      readonly identity: InstanceIdentity;
      readonly service: ServiceSpec;
    }
  | {
      readonly kind: 'start-container';
      readonly guard: ContainerGuard;
      readonly name: string;
      /** The service whose networks are completed before a first start; null: started again as it is. */
      readonly service: ServiceSpec | null;
    }
  | {
      /** Those of a start, one after the other. */
      readonly kind: 'run-hooks';
      readonly guard: ContainerGuard;
      readonly name: string;
      readonly hooks: readonly Hook[];
      /** How long all of them together may take. */
      readonly limitMs: number;
    }
  | { readonly kind: 'unpause-container'; readonly guard: ContainerGuard; readonly name: string }
  | {
      /** Also the promotion (`unless-stopped`) and the retirement (`no`) of an instance. */
      readonly kind: 'update-container';
      readonly guard: ContainerGuard;
      readonly name: string;
      readonly restart: RestartPolicy | null;
      readonly resources: Resources | null;
    }
  | {
      /** Writes files anew into the volume of a running instance, and tells it. */
      readonly kind: 'deliver-files';
      readonly guard: ContainerGuard;
      readonly name: string;
      readonly service: ServiceSpec;
      /** Their paths in the container. */
      readonly targets: readonly string[];
      readonly telling: Telling;
      /** The stamps of all its live files after that. */
      readonly told: FileStamps;
    }
  | {
      readonly kind: 'rename-container';
      readonly guard: ContainerGuard;
      readonly name: string;
      readonly to: string;
    }
  | {
      readonly kind: 'connect-network';
      readonly guard: ContainerGuard;
      readonly name: string;
      readonly attachment: NetworkAttachment;
    }
  | {
      readonly kind: 'disconnect-network';
      readonly guard: ContainerGuard;
      readonly name: string;
      readonly network: string;
      /** Set when the network is made anew: it is connected again after that. */
      readonly isForAMoment?: true;
    }
  | {
      readonly kind: 'stop-container';
      readonly guard: ContainerGuard;
      readonly name: string;
      /** null: what the container itself says. */
      readonly graceMs: number | null;
      /** Run before the stop, within its grace; absent: none. */
      readonly hooks?: readonly Hook[];
    }
  | { readonly kind: 'remove-container'; readonly guard: ContainerGuard; readonly name: string };

/** What a proxy is told, and which one. */
export type TrafficAction = TrafficChange & {
  readonly guard: ContainerGuard;
  readonly name: string;
};

/** How an instance is told of new files; each of several signals is sent once. */
export type Telling =
  | { readonly kind: 'restart' }
  | { readonly kind: 'signal'; readonly signals: readonly string[] };

export type ActionKind = Action['kind'];

/** What came of a step. A time-out is `unknown`: the effect may have happened, so the host is observed again. */
export type StepOutcome =
  | {
      readonly kind: 'done';
      /** The image that a pull has brought; absent: it was no pull, or the image was there. */
      readonly pulled?: PulledImage;
      /** Somebody else has done it, or is at it. */
      readonly byOthers?: true;
    }
  /** The guard no longer held; nothing was done. */
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: StepFailure }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface PulledImage {
  readonly id: string;
  /** Whether the host had it under no other name. */
  readonly isNew: boolean;
}

export interface StepFailure {
  /**
   * `revision`: what the commit asks for cannot work (image not found, bad platform, invalid configuration, bad command);
   * `infrastructure`: host, disk, registry or network trouble that is not the revision's fault;
   * `capacity`: a port or another resource is taken.
   */
  readonly class: 'revision' | 'infrastructure' | 'capacity';
  /** Stable code, such as `ImageNotFound`, `PlatformMismatch`, `PortConflict`, `RegistryUnavailable`, `DiskFull`, `HostUnreachable`. */
  readonly reason: string;
  readonly message: string;
}
