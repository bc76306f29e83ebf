import type { HostName } from './names.ts';
import { toHostName } from './names.ts';

/** What somebody asks of the operator about one application, or one host, beside Git. */
export interface OperatorRequest {
  /** Grows with each request. */
  readonly id: number;
  readonly kind: RequestKind;
  /** Empty when it is about a host, or about all applications. */
  readonly application: string;
  /** Absent: it is about an application. */
  readonly host?: HostName;
  /** How many slots it moves at most; absent: as many as is usual, or it is not about that. */
  readonly maxMoves?: number;
  /** On that host; absent: it is not about a volume. */
  readonly volume?: string;
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

/** `fence`: the host is down, and is not to be used; `unfence`: it may be used again. */
export const hostRequestKinds = ['fence', 'unfence'] as const;

export type HostRequestKind = (typeof hostRequestKinds)[number];

/**
 * `rebalance`: slots are moved from hosts that have more to those that have less. `adopt`: the containers that its manifest names are taken on, if they are as it asks; `adopt-replace`: also those that
 * differ, which the rollout then replaces.
 */
export type RequestKind =
  | (typeof requestKinds)[number]
  | HostRequestKind
  | 'adopt'
  | 'adopt-replace'
  | 'rebalance'
  /** The volume goes, with its data. */
  | 'remove-volume';

export function isHostRequest(kind: RequestKind): kind is HostRequestKind {
  return hostRequestKinds.some((each) => each === kind);
}

/** What a request is about, from one text: an application, a host, or `HOST/NAME` of a volume. No name has a slash. */
export function subjectOf(
  kind: RequestKind,
  subject: string,
): Pick<OperatorRequest, 'application' | 'host' | 'volume'> {
  if (isHostRequest(kind)) return { application: '', host: toHostName(subject) };
  if (kind !== 'remove-volume') return { application: subject };
  const [host = '', volume = ''] = subject.split('/');
  return { application: '', host: toHostName(host), volume };
}
