import type { AdoptionSpec } from './adoption.ts';
import type { AnalysisSpec } from './analysis.ts';
import type { AutoscaleSpec } from './autoscale.ts';
import type { ContainerSpec } from './container.ts';
import type { HealPolicy } from './heal-policy.ts';
import type { Hooks } from './hooks.ts';
import type { IgnoreRule } from './ignore-rule.ts';
import type { HostName, SpecHash } from './names.ts';
import type { Origin, Origins } from './origin.ts';
import type { ExposeSpec } from './traffic.ts';

/** An application as resolved from one manifest and its overrides: nothing is optional any more. */
export interface ApplicationSpec {
  readonly name: string;
  /** The manifest that names it, from the root of the repository. */
  readonly file: string;
  /** Every file of the repository that it was read from: manifest, overrides, env files, configs. Sorted. */
  readonly files: readonly string[];
  readonly origin: Origin;
  /** Whose quota and hosts hold for it; absent: that of all that name none. */
  readonly namespace?: { readonly name: string; readonly origin: Origin };
  /** Applications that must be ready before this one changes, sorted by name. */
  readonly dependsOn: readonly ApplicationDependency[];
  /** Changes of lower waves are through before those of higher ones begin. */
  readonly wave: number;
  /** Applications of one group land or roll back together; null: on its own. */
  readonly rolloutGroup: string | null;
  /** Nothing is changed and nothing is healed. */
  readonly suspend: boolean;
  /** Raising it tries a failed revision once more. */
  readonly retry: number;
  /** Absent: every instance is made anew. */
  readonly adopt?: AdoptionSpec;
  /** Sorted by name. */
  readonly services: readonly ServiceSpec[];
  /** Networks that some service uses, sorted by name. */
  readonly networks: readonly NetworkSpec[];
  /** Named volumes that some service uses, sorted by name. */
  readonly volumes: readonly VolumeSpec[];
  /** Differences that are left alone. Those of the commit in force hold, also while another version is put back. */
  readonly driftIgnore: readonly IgnoreRule[];
  /** What becomes of its drift, as that of the commit in force says; absent: what fleet.yaml says. */
  readonly heal?: HealPolicy;
}

export interface ServiceSpec {
  readonly name: string;
  /** When its image is pulled. */
  readonly pullPolicy: PullPolicy;
  /** What to do when the tag of its image moves at the registry; null: what fleet.yaml says. */
  readonly tagMoved: TagMoved | null;
  /** Set when a moved tag was rolled out: image and hash as the manifest has them, without the digest. */
  readonly rolledFrom?: { readonly image: string; readonly hash: SpecHash };
  readonly container: ContainerSpec;
  /** Hash of `container` and of what the gate needs in it (see hash.ts). */
  readonly hash: SpecHash;
  readonly mode: 'replicated' | 'global';
  /** Number of instances; 1 per eligible host when global. With `autoscale` the number to start with, within its bounds. */
  readonly replicas: number;
  /** Absent: the number stays as it is written. */
  readonly autoscale?: AutoscaleSpec;
  readonly constraints: readonly Constraint[];
  /** Keys of labels over whose values slots are spread evenly, the first before the others; absent: none. */
  readonly spread?: readonly string[];
  /** Most slots on one host; absent: no bound. */
  readonly maxPerHost?: number;
  /** CPUs that each instance is to have on its host, in billionths of one; absent: none. Memory: see `container`. */
  readonly reservedNanoCpus?: number;
  /** The name of its container, of which there is one per host; absent: see instanceName(). */
  readonly containerName?: string;
  /** Never two running instances, not even for a moment and not on two hosts. */
  readonly singleton: boolean;
  /** What goes first where not everything has a place, 0 to 1000; absent: in the middle, see priority.ts. */
  readonly priority?: number;
  /**
   * How long its host may be away before an instance is replaced elsewhere, at least as long as any host may before it is
   * lost; null: for ever. Absent: as its data and its kind allow.
   */
  readonly replaceAfterMs?: number | null;
  /** Set for a service that runs once per version of the application instead of all the time. */
  readonly job: JobPolicy | null;
  /** Reasons to stop the old instance first whatever it says are derived, see rollout/order.ts. */
  readonly update: UpdatePolicy;
  /** How a revision that failed, or that a commit took back, is undone. */
  readonly rollback: UpdatePolicy;
  readonly rollout: RolloutPolicy;
  readonly gate: Gate;
  /** Absent: none. */
  readonly hooks?: Hooks;
  /** Absent: no requests come in from outside. */
  readonly expose?: ExposeSpec;
  /** Sorted by service. */
  readonly dependsOn: readonly Dependency[];
  /** Keyed by the path below the service as the user wrote it: `image`, `environment.A`, `deploy.replicas`, ``. */
  readonly origins: Origins;
  /** What it is on hosts for which overrides hold, in the order of their hashes; absent: the same everywhere. See variants.ts. */
  readonly variants?: readonly ServiceVariant[];
}

/** A service on some hosts. */
export interface ServiceVariant {
  /** Sorted. A host is in one variant at most. */
  readonly hosts: readonly HostName[];
  /** It has no variants itself, and differs in what its container is made from, its gate and its hooks only. */
  readonly service: ServiceSpec;
}

/**
 * `missing`: where a host does not have it; `always`: a version begins with what the registry says that the tag means;
 * `never`: each host uses what it was given.
 */
export type PullPolicy = 'missing' | 'always' | 'never';

/** What follows when a tag comes to mean another image than the one that runs. */
export type TagMoved = 'ignore' | 'report' | 'roll';

/** One placement constraint in Swarm's grammar: `node.labels.zone == a`. */
export interface Constraint {
  /** `node.id`, `node.hostname`, `node.ip`, `node.group`, `node.platform.os`, `node.platform.arch`, `node.labels.X` or `engine.labels.X`. */
  readonly key: string;
  readonly operator: '==' | '!=';
  readonly value: string;
  /** As written, for messages. */
  readonly text: string;
  readonly origin: Origin;
}

export interface UpdatePolicy {
  readonly order: 'start-first' | 'stop-first';
  /** Slots replaced at once; 0: all. */
  readonly parallelism: number;
  /** Pause after a slot before the next one. */
  readonly delayMs: number;
  /** How long the new revision must stay well, after the last slot, before it is last-known-good. */
  readonly monitorMs: number;
  readonly failureAction: 'rollback' | 'pause' | 'continue';
  /** Share of slots that may fail before the revision counts as failed, 0 to 1. */
  readonly maxFailureRatio: number;
  /** Live instances beyond the number asked for; null: `parallelism` with start-first, else none. */
  readonly maxSurge: Share | null;
  /** Instances that may be missing; null: `parallelism` with stop-first, else none. */
  readonly maxUnavailable: Share | null;
}

/** A number of instances, or a percentage of those asked for. */
export type Share =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number };

export interface RolloutPolicy {
  readonly strategy: 'rolling' | 'canary' | 'blue-green';
  /**
   * How many slots get the new revision, one step after the other, beside the instances that they are to replace. Empty
   * for `rolling`; one step of 100 % for `blue-green`.
   */
  readonly steps: readonly CanaryStep[];
  /** `manual`: after the last step somebody must say `promote`. */
  readonly promote: 'auto' | 'manual';
  /** Tries of one slot, each on another host where placement allows it. */
  readonly attempts: number;
  /** How long a rollout may go without progress, from its start. */
  readonly progressDeadlineMs: number;
  /** What is measured of canaries; absent: nothing. */
  readonly analysis?: AnalysisSpec;
}

export interface CanaryStep {
  readonly slots: Share;
  /** How long the canaries must stay well before the next step. */
  readonly bakeMs: number;
}

/**
 * A job runs to its end once per version of the application: its hash covers the hashes of the other services too. Its
 * gate's deadline is its time limit.
 */
export interface JobPolicy {
  /** `before`: nothing of the new version starts before it; `after`: it starts when all of it is in place. */
  readonly when: 'before' | 'after';
  /**
   * The service whose pre_start hook it is: it runs once per version of that one, and holds nothing else back. Absent: of
   * none.
   */
  readonly of?: string;
}

/** What an instance must show before it counts as available. The container's own HEALTHCHECK is part of every gate. */
export interface Gate {
  readonly probe: Probe | null;
  readonly minHealthyTimeMs: number;
  /** From the start of the container. */
  readonly healthyDeadlineMs: number;
}

export type Probe = HttpProbe | TcpProbe;

export interface HttpProbe {
  readonly kind: 'http';
  /** Port in the container. */
  readonly port: number;
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface TcpProbe {
  readonly kind: 'tcp';
  readonly port: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface ApplicationDependency {
  readonly application: string;
  readonly condition: 'started' | 'healthy' | 'completed';
  /** false: a dependency that is missing or has failed holds nothing back. */
  readonly required: boolean;
  readonly origin: Origin;
}

export interface Dependency {
  readonly service: string;
  readonly condition: 'started' | 'healthy' | 'completed';
  readonly required: boolean;
  /** Set when each version of the other service makes one of this service. */
  readonly restart?: true;
}

export interface NetworkSpec {
  /** Name on the engine. */
  readonly name: string;
  /** Not created and not removed by us. */
  readonly external: boolean;
  readonly driver: string;
  readonly internal: boolean;
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly origin: Origin;
  /** Absent: as the engine chooses. */
  readonly ipam?: IpamSpec;
  readonly enableIpv4?: boolean;
  readonly enableIpv6?: boolean;
}

/** How the addresses of a network are given out. */
export interface IpamSpec {
  readonly driver?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly pools?: readonly IpamPool[];
}

export interface IpamPool {
  readonly subnet?: string;
  /** Part of the subnet from which addresses are given out. */
  readonly range?: string;
  readonly gateway?: string;
  /** Addresses that are not given out, by name. */
  readonly reserved?: Readonly<Record<string, string>>;
}

export interface VolumeSpec {
  /** Name on the engine. */
  readonly name: string;
  readonly external: boolean;
  readonly driver: string;
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly origin: Origin;
}

/** A service that is scaled to 0 has none. */
export function hasInstances({ mode, replicas }: ServiceSpec): boolean {
  return mode === 'global' || replicas > 0;
}
