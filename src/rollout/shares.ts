import type { Share, UpdatePolicy } from '../model/application.ts';

/** How far a service may depart from its number of instances while it is changed. */
export interface Bounds {
  /** Live instances beyond the number asked for. */
  readonly surge: number;
  /** Instances that may be missing. */
  readonly unavailable: number;
}

/**
 * Kubernetes' rules: a surge is rounded up, what may be missing is rounded down, and never are both 0. With stop-first
 * something must be missing. Where bounds are written, a parallelism of 0 adds none of its own.
 */
export function boundsOf(
  policy: UpdatePolicy,
  order: UpdatePolicy['order'],
  slots: number,
): Bounds {
  const isWritten = policy.maxSurge !== null || policy.maxUnavailable !== null;
  const all = isWritten ? 0 : Math.max(1, slots);
  const atOnce = policy.parallelism === 0 ? all : policy.parallelism;
  const besides = order === 'start-first' ? atOnce : 0;
  const surge = policy.maxSurge === null ? besides : Math.ceil(exactShare(policy.maxSurge, slots));
  // It is stop-first for want of a surge only, and gives away no more for that.
  const isForced = policy.order === 'start-first' && policy.maxSurge !== null && surge === 0;
  const missing = order === 'stop-first' && !isForced ? atOnce : 0;
  const unavailable =
    policy.maxUnavailable === null ? missing : Math.floor(exactShare(policy.maxUnavailable, slots));
  const isStuck = unavailable === 0 && (surge === 0 || order === 'stop-first');
  return isStuck ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** The number of slots that a step of a canary reaches: at least one, at most all. */
export function canarySlots(share: Share, slots: number): number {
  return Math.min(slots, Math.max(1, Math.ceil(exactShare(share, slots))));
}

function exactShare(share: Share, of: number): number {
  return share.kind === 'count' ? share.count : (share.percent * of) / 100;
}
