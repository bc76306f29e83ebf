import type { CommitSha } from '../model/names.ts';
import type { ProofTally } from '../model/proof.ts';
import type { ApplicationContext } from './application-context.ts';
import { proofOf } from './decide-proof.ts';
import { isWatched, progressDeadline } from './progress-deadline.ts';

/** A rollout under way, for people. All times are milliseconds since the epoch. */
export interface RolloutStatus {
  readonly commit: CommitSha;
  readonly startedAt: number;
  readonly isRollback: boolean;
  /** When it is given up for want of progress; null while that is not counted. */
  readonly progressDeadlineAt: number | null;
  /** Services whose canaries hold back the others of their slots. */
  readonly stages: readonly StageStatus[];
  /** What became of requests until now; null: none were sent. */
  readonly proof: ProofTally | null;
}

export interface StageStatus {
  readonly service: string;
  /** The step that it is at, from 1. */
  readonly step: number;
  /** Number of steps. */
  readonly of: number;
  /** All steps are passed, and somebody has to say `promote`. */
  readonly awaitsPromotion: boolean;
  /** When the canaries have been watched long enough; null while they are not all well. */
  readonly until: number | null;
}

/** How far the rollout under way is, as the journal has it; null without one. */
export function rolloutStatus(context: ApplicationContext): RolloutStatus | null {
  const { record, views, draft } = context;
  const { rollout } = record;
  if (rollout === null) return null;
  const { commit, startedAt, isRollback } = rollout;
  const stages = views.flatMap(({ service: { name: service }, stage }): readonly StageStatus[] => {
    if (stage === null) return [];
    const { index, of, bakeMs } = stage;
    const awaitsPromotion = index >= of;
    const settledAt = rollout.stages[service]?.settledAt ?? null;
    const until = awaitsPromotion || settledAt === null ? null : settledAt + bakeMs;
    return [{ service, step: Math.min(index + 1, of), of, awaitsPromotion, until }];
  });
  const progressDeadlineAt = draft.waiting.some(isWatched) ? null : progressDeadline(context);
  const proof = proofOf(context);
  return { commit, startedAt, isRollback, progressDeadlineAt, stages, proof };
}
