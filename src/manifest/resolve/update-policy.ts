import type { UpdatePolicy } from '../../model/application.ts';
import { child, readNumber, readText, readWith, type Cursor } from '../cursor.ts';
import { parseShare } from '../scalars/share.ts';
import type { Subject } from '../subject.ts';
import { readDuration } from './duration.ts';
import { rolloutKey } from './rollout-key.ts';

const defaultMonitorMs = 5_000;

/** How far a service may depart from its number of instances, as far as it is written. */
export type WrittenBounds = Pick<UpdatePolicy, 'maxSurge' | 'maxUnavailable'>;

/** The one slot of a job needs no bounds. */
export const noBounds: WrittenBounds = { maxSurge: null, maxUnavailable: null };

/** `maxSurge` and `maxUnavailable`, which bound an update and its rollback alike. */
export function resolveBounds(subject: Subject, service: Cursor): WrittenBounds {
  return {
    maxSurge: readWith(rolloutKey(subject, service, 'maxSurge'), parseShare),
    maxUnavailable: readWith(rolloutKey(subject, service, 'maxUnavailable'), parseShare),
  };
}

/** `deploy.update_config`, which Compose itself ignores. Bounds that are written are the only ones by default. */
export function resolveUpdate(service: Cursor, bounds: WrittenBounds): UpdatePolicy {
  const config = child(service, 'deploy', 'update_config');
  const failureAction = readText(child(config, 'failure_action'));
  return {
    order: readOrder(config) ?? 'start-first',
    parallelism: readNumber(child(config, 'parallelism')) ?? (areWritten(bounds) ? 0 : 1),
    delayMs: readDuration(child(config, 'delay')) ?? 0,
    monitorMs: readDuration(child(config, 'monitor')) ?? defaultMonitorMs,
    failureAction:
      failureAction === 'pause' || failureAction === 'continue' ? failureAction : 'rollback',
    maxFailureRatio: readNumber(child(config, 'max_failure_ratio')) ?? 0,
    ...bounds,
  };
}

/**
 * `deploy.rollback_config`. What is gone back to has been watched before, so nothing is watched; and what fails on the
 * way back cannot be rolled back.
 *
 * @param replicas null for a global service. How many hosts half of them are is not known here, and all at once would
 * leave none that serves where the order is stop-first: it goes back as carefully as it is updated.
 */
export function resolveRollback(
  service: Cursor,
  update: UpdatePolicy,
  replicas: number | null,
): UpdatePolicy {
  const config = child(service, 'deploy', 'rollback_config');
  const half = replicas === null ? update.parallelism : Math.max(1, Math.ceil(replicas / 2));
  return {
    order: readOrder(config) ?? update.order,
    parallelism: readNumber(child(config, 'parallelism')) ?? (areWritten(update) ? 0 : half),
    delayMs: readDuration(child(config, 'delay')) ?? 0,
    monitorMs: 0,
    failureAction: readText(child(config, 'failure_action')) === 'continue' ? 'continue' : 'pause',
    maxFailureRatio: 0,
    maxSurge: update.maxSurge,
    maxUnavailable: update.maxUnavailable,
  };
}

function readOrder(config: Cursor): UpdatePolicy['order'] | null {
  const text = readText(child(config, 'order'));
  return text === 'stop-first' || text === 'start-first' ? text : null;
}

function areWritten({ maxSurge, maxUnavailable }: WrittenBounds): boolean {
  return maxSurge !== null || maxUnavailable !== null;
}
