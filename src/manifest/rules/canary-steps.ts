import { child, complain, isPresent, items, readNumber, readWith, type Cursor } from '../cursor.ts';
import { readDuration } from '../resolve/duration.ts';
import { parseShare } from '../scalars/share.ts';
import type { Rule } from './rule.ts';

/** Each canary step says one amount, and more than the step before; what is written for nobody is read all the same. */
export const rolloutsAreWellFormed: Rule = ({ root, services }) => {
  for (const owner of [root, ...services.values()]) {
    const rollout = child(owner, 'x-fleetwright', 'rollout');
    for (const key of ['bake', 'progressDeadline']) readDuration(child(rollout, key));
    for (const key of ['maxSurge', 'maxUnavailable']) readWith(child(rollout, key), parseShare);
    const steps = items(child(rollout, 'steps'));
    for (const step of steps) judgeStep(step);
    for (const unit of ['replicas', 'percent']) judgeGrowth(steps, unit);
  }
};

function judgeStep(step: Cursor): void {
  readDuration(child(step, 'bake'));
  const replicas = isPresent(child(step, 'replicas'));
  const percent = child(step, 'percent');
  if (replicas && isPresent(percent)) {
    complain(percent, 'conflicting-keys', 'a step cannot have both "replicas" and "percent"');
  } else if (!replicas && !isPresent(percent)) {
    complain(step, 'missing-key', 'a step must have "replicas" or "percent"');
  }
}

/** Amounts of one unit are compared with each other; a number and a percentage cannot be. */
function judgeGrowth(steps: readonly Cursor[], unit: string): void {
  let before = 0;
  for (const step of steps) {
    const place = child(step, unit);
    const amount = readNumber(place);
    if (amount === null) continue;
    if (amount <= before) {
      const message = `each step must reach further than those before it: ${amount} after ${before}`;
      complain(place, 'invalid-value', message);
    }
    before = amount;
  }
}
