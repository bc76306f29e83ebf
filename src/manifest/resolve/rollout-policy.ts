import type { Constraint, UpdatePolicy } from '../../model/application.ts';
import { child, items, readNumber, readText, readTextWith, type Cursor } from '../cursor.ts';
import { parseConstraint } from '../scalars/constraint.ts';
import { readDuration } from './duration.ts';

const defaultMonitorMs = 5_000;

/** `deploy.update_config`, which Compose itself ignores. */
export function resolveUpdate(service: Cursor): UpdatePolicy {
  const config = child(service, 'deploy', 'update_config');
  const failureAction = readText(child(config, 'failure_action'));
  return {
    order: readText(child(config, 'order')) === 'stop-first' ? 'stop-first' : 'start-first',
    parallelism: readNumber(child(config, 'parallelism')) ?? 1,
    delayMs: readDuration(child(config, 'delay')) ?? 0,
    monitorMs: readDuration(child(config, 'monitor')) ?? defaultMonitorMs,
    failureAction:
      failureAction === 'pause' || failureAction === 'continue' ? failureAction : 'rollback',
    maxFailureRatio: readNumber(child(config, 'max_failure_ratio')) ?? 0,
  };
}

/** Placement constraints in the order written. */
export function resolveConstraints(service: Cursor): readonly Constraint[] {
  return items(child(service, 'deploy', 'placement', 'constraints')).flatMap((item) => {
    const constraint = readTextWith(item, parseConstraint);
    const text = readText(item) ?? '';
    return constraint === null ? [] : [{ ...constraint, text, origin: item.origin }];
  });
}
