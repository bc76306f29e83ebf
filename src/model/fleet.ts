import type { TagMoved } from './application.ts';
import type { HealPolicy } from './heal-policy.ts';
import type { IgnoreRule } from './ignore-rule.ts';
import type { NamespaceSpec } from './namespace.ts';
import type { HostName } from './names.ts';
import type { Origin, Origins } from './origin.ts';
import type { ProxyGroup } from './traffic.ts';

/** `fleet.yaml`, resolved. */
export interface FleetSpec {
  /** Installation id: the value of the label `fleetwright.fleet` on everything we create. */
  readonly name: string;
  /** Sorted by name. */
  readonly hosts: readonly HostSpec[];
  /** Variables for interpolation in all manifests. */
  readonly variables: Readonly<Record<string, string>>;
  readonly prune: PrunePolicy;
  readonly rollback: RollbackPolicy;
  /** Paths of hosts at or below which everything that is mounted must lie; absent: anywhere. */
  readonly hostPaths?: readonly string[];
  readonly image: ImagePolicy;
  readonly failure: FailurePolicy;
  /** Differences that are left alone in all applications. */
  readonly driftIgnore: readonly IgnoreRule[];
  /** Those of `ingress` before those of `internal`; no two have the same service. */
  readonly proxies: readonly ProxyGroup[];
  /** Names of all groups of hosts, also of those that no host is in, sorted; absent: none. */
  readonly groups?: readonly string[];
  /** What becomes of drift where a manifest does not say it; absent: it is healed. */
  readonly heal?: HealPolicy;
  /** Sorted by name; absent: none is named, and any name is free. */
  readonly namespaces?: readonly NamespaceSpec[];
  /** Base URL of the Prometheus that queries of manifests go to; absent: there is none. */
  readonly prometheus?: string;
  readonly origin: Origin;
}

export interface HostSpec {
  readonly name: HostName;
  readonly endpoint: Endpoint;
  /** Address at which published ports of this host are reached; an IP address or a name. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the groups that it is in, sorted; absent: none. */
  readonly groups?: readonly string[];
  /** What it has for reservations, where fleet.yaml says it; absent: what its engine says. */
  readonly capacity?: Partial<Amounts>;
  /** What of that is kept for others; absent: nothing. */
  readonly reserve?: Partial<Amounts>;
  /** It takes nothing new, and keeps what it has. */
  readonly cordon: boolean;
  /** It takes nothing, and keeps only what no other host admits. */
  readonly drain: boolean;
  readonly origins: Origins;
}

/** What is reserved, or can be. */
export interface Amounts {
  /** Billionths of a CPU. */
  readonly nanoCpus: number;
  readonly memoryBytes: number;
}

export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: boolean }
  | SshEndpoint;

/** An Engine that listens at a socket of a host which is reached over SSH. */
export interface SshEndpoint {
  readonly kind: 'ssh';
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** Of the Engine's socket there. */
  readonly path: string;
}

export interface PrunePolicy {
  /** Commits (full ids or unique prefixes of at least 7 digits) whose held deletions are approved. */
  readonly approved: readonly string[];
}

export interface ImagePolicy {
  /** What to do when a tag moves, where a service does not say it. */
  readonly tagMoved: TagMoved;
  /** How often the registry is asked what a tag means. */
  readonly intervalMs: number;
  /** Which images are removed; absent: none is. */
  readonly gc?: ImageGc;
}

/** When an image that was pulled for the fleet is removed again. */
export interface ImageGc {
  /** How long nothing has needed it. */
  readonly unusedForMs: number;
  /** Of each service, the images of so many versions are kept, the newest. */
  readonly keep: number;
  /** So many are removed from one host within an hour. */
  readonly atMost: number;
  readonly origin: Origin;
}

export interface FailurePolicy {
  /** How long a host may be away before it is lost, and what may run elsewhere is made there. */
  readonly lostAfterMs: number;
}

export interface RollbackPolicy {
  /** `commit`: an automatic rollback that is through is committed to the repository, so that Git says what runs. */
  readonly writeBack: 'commit' | 'off';
}
