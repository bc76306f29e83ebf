/** What somebody asks of the operator about one application, beside Git. */
export interface OperatorRequest {
  /** Grows with each request. */
  readonly id: number;
  readonly kind: RequestKind;
  readonly application: string;
  /** Who asks, for messages: `ada@laptop`. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * `promote`: the canaries take over; `abort`: the rollout is given up and undone; `retry`: a failed revision is tried once
 * more; `suspend` and `resume`: nothing is changed in between.
 */
export const requestKinds = ['promote', 'abort', 'retry', 'suspend', 'resume'] as const;

/**
 * `adopt`: the containers that its manifest names are taken on, if they are as it asks; `adopt-replace`: also those that
 * differ, which the rollout then replaces.
 */
export type RequestKind = (typeof requestKinds)[number] | 'adopt' | 'adopt-replace';
