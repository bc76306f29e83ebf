/**
 * How far the canaries of a service are. While there is a stage, its first slots get the new revision beside the instances
 * that they are to replace, and the others are kept at last-known-good.
 */
export interface CanaryStage {
  /** Index of the step; the number of steps when all are passed and somebody has to promote. */
  readonly index: number;
  readonly of: number;
  /** Number of canaries. */
  readonly canaries: number;
  readonly bakeMs: number;
}
