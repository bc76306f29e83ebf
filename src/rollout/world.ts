import type { AnalysisMap } from '../model/analysis.ts';
import type { LoadMap } from '../model/autoscale.ts';
import type { DesiredState } from '../model/desired.ts';
import type { JournalState } from '../model/journal-state.ts';
import type { LookupRecord } from '../model/lookup.ts';
import type { HostName } from '../model/names.ts';
import type { HostObservation } from '../model/observation.ts';
import type { ReadinessMap } from '../model/readiness.ts';
import type { ProofMap } from '../model/proof.ts';
import type { OperatorRequest } from '../model/request.ts';
import type { TrafficMap } from '../model/traffic.ts';
import type { ActionKind, StepFailure } from '../model/step.ts';

/** Everything a decision is made from. The same world always gives the same decision. */
export interface World {
  readonly desired: DesiredState;
  readonly observations: ReadonlyMap<HostName, HostObservation>;
  readonly journal: JournalState;
  readonly readiness: ReadinessMap;
  /** What the proxies say of themselves, by container. */
  readonly traffic: TrafficMap;
  /** What becomes of the requests that are sent during rollouts; null: nobody sends any, as for a plan. */
  readonly proofs: ProofMap | null;
  /** What was measured of canaries; null: nobody measures, as for a plan. */
  readonly analyses: AnalysisMap | null;
  /** What services are under whose number of instances goes by it. */
  readonly load: LoadMap;
  /** Steps under way, by their key: what they do is not visible on the hosts yet. */
  readonly inFlight: ReadonlyMap<string, ActionKind>;
  /** Steps that failed lately, by their key. */
  readonly failures: ReadonlyMap<string, FailedStep>;
  /** Questions to registries, by their key. */
  readonly lookups: ReadonlyMap<string, LookupRecord>;
  /** What somebody has asked for and is not answered yet, in the order of asking. */
  readonly requests: readonly OperatorRequest[];
  /** Since when the repository cannot be reached, in milliseconds since the epoch; null: it can. */
  readonly sourceAwaySince: number | null;
  /**
   * Since when the operator has looked on without a break (it may have been away, or its process stopped): what was to
   * happen within a time is only missed when somebody watched. Milliseconds since the epoch.
   */
  readonly watchingSince: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface FailedStep {
  readonly action: ActionKind;
  /** The container's hash, for a step that belongs to one; empty otherwise. */
  readonly hash: string;
  readonly failure: StepFailure;
  readonly attempts: number;
  /** Not to be tried again before this time. */
  readonly retryAt: number;
}
