import type { FailedStep } from '../rollout/world.ts';
import type { Step, StepFailure, StepOutcome } from '../model/step.ts';
import { isTrafficKind } from '../model/step.ts';

const firstDelayMs = 2_000;
const longestDelayMs = 60_000;

/**
 * The failures after one more outcome. A failed step is tried again ever later; a success, or a step that was no longer
 * needed, forgets it. An unknown outcome is a failure of the host that says nothing about the step.
 */
export function noteOutcome(
  failures: ReadonlyMap<string, FailedStep>,
  step: Step,
  outcome: StepOutcome,
  now: number,
): ReadonlyMap<string, FailedStep> {
  const next = new Map(failures);
  if (outcome.kind === 'done' || outcome.kind === 'skipped') {
    next.delete(step.key);
    return next;
  }
  const failure = failureOf(outcome);
  const before = failures.get(step.key);
  const attempts = before?.action === step.action.kind ? before.attempts + 1 : 1;
  const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempts - 1));
  next.set(step.key, {
    action: step.action.kind,
    hash: hashOf(step),
    failure,
    attempts,
    retryAt: now + delay,
  });
  return next;
}

/** The failures without those of what proxies need not be told any more. */
export function withoutSettled(
  failures: ReadonlyMap<string, FailedStep>,
  open: ReadonlySet<string>,
): ReadonlyMap<string, FailedStep> {
  const isOver = ([key, { action }]: readonly [string, FailedStep]): boolean =>
    isTrafficKind(action) && !open.has(key);
  const entries = [...failures];
  return entries.some(isOver) ? new Map(entries.filter((one) => !isOver(one))) : failures;
}

type Trouble = Exclude<StepOutcome, { readonly kind: 'done' | 'skipped' }>;

function failureOf(outcome: Trouble): StepFailure {
  if (outcome.kind === 'failed') return outcome.failure;
  return { class: 'infrastructure', reason: 'OutcomeUnknown', message: outcome.reason };
}

function hashOf({ action }: Step): string {
  if (action.kind === 'create-container') return action.service.hash;
  if (action.kind === 'start-container') return action.service?.hash ?? '';
  return '';
}
