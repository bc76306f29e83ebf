import type { CommitSha, HostName } from './names.ts';
import type { Origin } from './origin.ts';
import type { ProofTally } from './proof.ts';

/** What happens to a fleet, as people tell it. A step is one call of an engine; all else is shown without being asked for. */
export type HistoryKind =
  | 'journal-begun'
  | 'commit-accepted'
  | 'commit-rejected'
  | 'application-removed'
  | 'rollout-started'
  | 'canary-step-passed'
  | 'attempt-failed'
  | 'rollout-succeeded'
  | 'rollout-failed'
  | 'rollback-started'
  | 'rolled-back'
  | 'scaled'
  | 'healed'
  | 'instance-found'
  | 'adopted'
  | 'pruned'
  | 'suspended'
  | 'resumed'
  | 'host-away'
  | 'host-back'
  | 'host-lost'
  | 'host-fenced'
  | 'host-unfenced'
  | 'host-cordoned'
  | 'host-draining'
  | 'host-open'
  | 'request'
  | 'step';

/** `begun`: it is under way, or nobody was there to see its end. */
export type HistoryResult = 'begun' | 'done' | 'failed' | 'refused' | 'skipped' | 'unknown';

/** One thing that happened: what, where, why, at whose word, and what came of it. It holds no values of fields. */
export interface HistoryEntry {
  /** When it happened or ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly kind: HistoryKind;
  /** Of a step its action, of a request what was asked for; else empty. */
  readonly action: string;
  /** Empty: it is about a host, or the fleet. */
  readonly application: string;
  readonly service: string;
  readonly slot: string;
  readonly host: HostName | null;
  /** Name of the container; empty when it is about none. */
  readonly container: string;
  readonly commit: CommitSha | null;
  /** The line that asks for it. */
  readonly origin: Origin | null;
  /** Paths of the fields that it is about; the first is the one that stands at the line. */
  readonly fields: readonly string[];
  /** Author of the commit, who asked, or `fleetwright` for what it does of itself; empty: not known. */
  readonly actor: string;
  readonly cause: string;
  readonly result: HistoryResult;
  readonly message: string;
  /** When it was begun, in milliseconds since the epoch; null: it takes no time, or nobody knows. */
  readonly startedAt: number | null;
  /** Steps that were taken for it; null: it is about none. */
  readonly steps: number | null;
  /** What became of requests during a rollout that has ended; null: none were sent for that. Older releases left it out. */
  readonly proof?: ProofTally | null;
}

/** The actor of what nobody asked for: what is seen, and what follows from it. */
export const ourselves = 'fleetwright';

type Facts = Partial<HistoryEntry> & Pick<HistoryEntry, 'at' | 'kind'>;

/** An entry from what there is to say; the rest is left out. */
export function historyEntry(facts: Facts): HistoryEntry {
  return {
    action: '',
    application: '',
    service: '',
    slot: '',
    host: null,
    container: '',
    commit: null,
    origin: null,
    fields: [],
    actor: ourselves,
    cause: '',
    result: 'done',
    message: '',
    startedAt: null,
    steps: null,
    ...facts,
  };
}
