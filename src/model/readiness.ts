import type { ContainerId } from './names.ts';

/** What the operator has seen of an instance's readiness. Kept in memory: losing it only makes a gate wait anew. */
export interface Readiness {
  /** The start of the container that this is about; another start begins anew. */
  readonly startedAt: number;
  /** Since when it has been ready without a break (our clock); null: it is not ready now. */
  readonly readySince: number | null;
  /** It was so for as long as its gate asks, and was found so at the end of that time too. */
  readonly passed: boolean;
  /** Why it is not ready, in words; empty when it is. */
  readonly reason: string;
  /** When it was last really looked at (our clock); null: not yet since we watch it. */
  readonly checkedAt: number | null;
}

export type ReadinessMap = ReadonlyMap<ContainerId, Readiness>;

/** The last answer of the operator's own HTTP or TCP probe. */
export interface ProbeResult {
  readonly startedAt: number;
  readonly ok: boolean;
  /** Such as `HTTP 503` or `connection refused`. */
  readonly detail: string;
  readonly at: number;
}
