import type { Diagnostic } from '../model/diagnostic.ts';
import type { DriftItem } from '../model/drift.ts';
import type { HostName } from '../model/names.ts';
import type { JournalEntry, JournalState } from '../model/journal-state.ts';
import type { RejectedRevision } from '../model/rejected-revision.ts';
import type { OperatorRequest } from '../model/request.ts';
import type { Revision } from '../model/revision.ts';
import type { Step, StepOutcome } from '../model/step.ts';
import type { HistoryQuery, KeptEntry } from './history-rows.ts';
import type { ReceiverStanding } from './receiver-rows.ts';

/** A drift item over time. */
export interface DriftRecord {
  readonly item: DriftItem;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** When it was gone again; null while it is there. */
  readonly resolvedAt: number | null;
}

/** What is read of the journal, also by commands that run beside the daemon. */
export interface JournalReader extends Disposable {
  state(): JournalState;
  /** The commit in force; null before the first. */
  accepted(): Revision | null;
  /** The newest head, when it was refused; null when the newest head is in force. */
  rejected(): RejectedRevision | null;
  /** Items that are there now, and those that were resolved at or after `since` (milliseconds since the epoch). */
  drift(since: number): readonly DriftRecord[];
  /** Who is told of what happens, and how that goes. */
  receivers(): readonly ReceiverStanding[];
  /** What happened, newest first. */
  history(query: HistoryQuery): readonly KeptEntry[];
}

/** The small memory of the operator. Each method is one transaction, on disk when it returns. */
export interface Journal extends JournalReader {
  /** What commands beside the operator have asked for and is not answered yet, in the order of asking. Cheap. */
  requests(): readonly OperatorRequest[];
  write(entries: readonly JournalEntry[], at: number): void;
  accept(revision: Revision, applications: readonly string[]): void;
  reject(revision: Revision, diagnostics: readonly Diagnostic[]): void;
  /** @param visible hosts that can be seen now: on the others nothing is known to be resolved */
  recordDrift(items: readonly DriftItem[], visible: ReadonlySet<HostName>, at: number): void;
  /** What services are under now, by `application/service`; nothing is kept of others. */
  recordLoads(loads: JournalState['loads']): void;
  /** What is known by now of canaries that are watched; nothing is kept of others. */
  recordAnalyses(analyses: JournalState['analyses']): void;
  recordStep(step: Step, outcome: StepOutcome, startedAt: number, endedAt: number): void;
}
