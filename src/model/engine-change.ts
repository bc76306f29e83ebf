import type { ContainerId } from './names.ts';

/** What an engine told of, in the words of its events: the kinds that explain a difference. */
export type EngineChangeKind =
  | 'connect'
  | 'copy'
  | 'create'
  | 'destroy'
  | 'die'
  | 'disconnect'
  | 'health'
  | 'kill'
  | 'oom'
  | 'pause'
  | 'rename'
  | 'stop'
  | 'update';

/** Something that happened on a host and that was not a step of ours. */
export interface EngineChange {
  readonly kind: EngineChangeKind;
  /** Milliseconds since the epoch, our clock: when the engine says it happened. */
  readonly at: number;
  /** Null when it was done to a network or a volume as a whole. */
  readonly container: ContainerId | null;
  /** Key of the slot by the labels of the container; empty when it has none of ours. */
  readonly slot: string;
  /** Name of the network or the volume; empty when it is about neither. */
  readonly object: string;
  /** Signal, exit code or former name, as far as its kind has one; else empty. */
  readonly detail: string;
}
