import type { IgnoreRule } from './ignore-rule.ts';
import type { EngineChangeKind } from './engine-change.ts';
import type { CommitSha, ContainerId, HostName } from './names.ts';
import type { Origin } from './origin.ts';

/** Kinds of drift, after semantics of what the engine lets a person change behind our back. */
export type DriftClass =
  | 'missing'
  | 'stopped'
  | 'paused'
  | 'unhealthy'
  | 'crash-loop'
  | 'mutable-field'
  | 'immutable-field'
  | 'tag-moved'
  | 'renamed'
  | 'network'
  | 'volume'
  | 'duplicate'
  | 'copy'
  | 'orphan';

/** What is done about an item: `heal` in place, `replace` the instance, `prune` it, or only `report` it. */
export type DriftAction = 'heal' | 'replace' | 'prune' | 'report';

export type DriftValue = string | number | boolean | null | readonly string[];

/** What somebody did, or what happened, that made the difference: as far as the engine told. */
export interface DriftCause {
  readonly kind: EngineChangeKind;
  /** Milliseconds since the epoch, our clock. */
  readonly at: number;
  /** In words: `docker update`, `killed by signal 9`. */
  readonly detail: string;
}

/** One field of one instance that is not what the commit asks for. */
export interface DriftItem {
  readonly application: string;
  readonly service: string;
  readonly slot: string;
  readonly host: HostName;
  /** Name of the container; empty when there is none. */
  readonly container: string;
  readonly containerId: ContainerId | null;
  readonly class: DriftClass;
  readonly severity: 'critical' | 'warning' | 'info';
  /** Path below the service, in the words of the manifest: `image`, `deploy.resources.limits.memory`; empty: as a whole. */
  readonly path: string;
  readonly desired: DriftValue;
  readonly observed: DriftValue;
  /** Where the desired value stands; null when nothing in the repository asks for it. */
  readonly origin: Origin | null;
  readonly commit: CommitSha | null;
  readonly action: DriftAction;
  /** In words, what is done and why. */
  readonly note: string;
  /** Absent: the engine told of nothing that explains it. */
  readonly cause?: DriftCause;
  /** It was put right again and again lately: somebody works against that. */
  readonly contended?: true;
}

/** A difference that a rule leaves alone: nothing is done about it, and it counts for nothing. */
export interface IgnoredItem {
  readonly item: DriftItem;
  readonly rule: IgnoreRule;
}

/** Identity of an item over time: the same field of the same instance. */
export function driftKey(item: DriftItem): string {
  return [
    item.application,
    item.service,
    item.slot,
    item.host,
    item.container,
    item.class,
    item.path,
  ].join('\u0000');
}
