import type { ContainerSpec } from './container.ts';
import type { SpecHash } from './names.ts';
import type { Origin, Origins } from './origin.ts';

/** An application as resolved from one manifest and its overrides: nothing is optional any more. */
export interface ApplicationSpec {
  readonly name: string;
  /** The manifest that names it, from the root of the repository. */
  readonly file: string;
  readonly origin: Origin;
  /** Sorted by name. */
  readonly services: readonly ServiceSpec[];
  /** Networks that some service uses, sorted by name. */
  readonly networks: readonly NetworkSpec[];
  /** Named volumes that some service uses, sorted by name. */
  readonly volumes: readonly VolumeSpec[];
}

export interface ServiceSpec {
  readonly name: string;
  readonly container: ContainerSpec;
  /** Hash of `container` and of what the gate needs in it (see hash.ts). */
  readonly hash: SpecHash;
  readonly mode: 'replicated' | 'global';
  /** Number of instances; 1 per eligible host when global. */
  readonly replicas: number;
  readonly constraints: readonly Constraint[];
  /** Engine's `container_name`-like needs and other reasons to stop the old instance first are derived, see rollout/order.ts. */
  readonly update: UpdatePolicy;
  readonly gate: Gate;
  /** Sorted by service. */
  readonly dependsOn: readonly Dependency[];
  /** Keyed by the path below the service as the user wrote it: `image`, `environment.A`, `deploy.replicas`, ``. */
  readonly origins: Origins;
}

/** One placement constraint in Swarm's grammar: `node.labels.zone == a`. */
export interface Constraint {
  /** `node.id`, `node.hostname`, `node.ip`, `node.platform.os`, `node.platform.arch`, `node.labels.X` or `engine.labels.X`. */
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
  readonly maxFailureRatio: number;
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

export interface Dependency {
  readonly service: string;
  readonly condition: 'started' | 'healthy' | 'completed';
  readonly required: boolean;
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
