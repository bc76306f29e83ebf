import type { ServiceSpec, Share, UpdatePolicy } from '../../src/model/application.ts';
import { originAt } from '../../src/model/origin.ts';
import { fixedHostPorts } from '../../src/placement/host-ports.ts';

/** How many instances of a service there may be at once, and how many of its slots may go without. */
export interface Limits {
  readonly live: number;
  readonly missing: number;
}

/**
 * The promise of a manifest about one service, worked out anew from semantics §10.2 and not taken from what decides.
 *
 * @param slots how many it has: its replicas, or its hosts when it is global
 * @param isProven this version has proved itself before: then its way back may go by `rollback_config`
 */
export function limitsOf(service: ServiceSpec, slots: number, isProven: boolean): Limits {
  const { update, rollback } = service;
  const policies = [update, ...(isProven ? [rollback] : [])].map((policy) =>
    limit(policy, isStopFirst(service, policy), slots),
  );
  // On another host, a port of this one keeps nothing from being started beside it.
  const isBound = service.singleton || isSoleWriter(service);
  const moves = isBound ? [] : [limit(update, update.order === 'stop-first', slots)];
  const canaries = service.rollout.steps.length > 0 ? slots : 0;
  return {
    live: slots + Math.max(canaries, ...[...policies, ...moves].map(({ surge }) => surge)),
    missing: Math.max(...policies.map(({ missing }) => missing)),
  };
}

/** Two instances on one host would write to one volume, and nobody has asked for that. */
export function isSoleWriter(service: ServiceSpec): boolean {
  return (
    service.container.mounts.some(
      (mount) => mount.type === 'volume' && mount.source !== '' && !mount.readOnly,
    ) && originAt(service.origins, 'deploy.update_config.order') === undefined
  );
}

function isStopFirst(service: ServiceSpec, { order, maxSurge }: UpdatePolicy): boolean {
  return (
    order === 'stop-first' ||
    service.singleton ||
    fixedHostPorts(service.container).length > 0 ||
    isSoleWriter(service) ||
    (maxSurge?.kind === 'count' && maxSurge.count === 0) ||
    (maxSurge?.kind === 'percent' && maxSurge.percent === 0)
  );
}

function limit(
  policy: UpdatePolicy,
  isStopFirst: boolean,
  slots: number,
): { readonly surge: number; readonly missing: number } {
  const { maxSurge, maxUnavailable, parallelism } = policy;
  const isWritten = maxSurge !== null || maxUnavailable !== null;
  const all = isWritten ? 0 : Math.max(1, slots);
  const atOnce = parallelism === 0 ? all : parallelism;
  const [beside, instead] = isStopFirst ? [0, atOnce] : [atOnce, 0];
  const surge = maxSurge === null ? beside : share(maxSurge, slots, Math.ceil);
  const missing = maxUnavailable === null ? instead : share(maxUnavailable, slots, Math.floor);
  const isStuck = missing === 0 && (surge === 0 || isStopFirst);
  return { surge, missing: isStuck ? 1 : missing };
}

/** How many slots a step of a canary reaches: at least one. */
export function canaryShare(step: Share, slots: number): number {
  return Math.max(1, share(step, slots, Math.ceil));
}

function share(share: Share, slots: number, round: (value: number) => number): number {
  return share.kind === 'count' ? share.count : round((share.percent * slots) / 100);
}
