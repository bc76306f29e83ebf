import type { HistoryEntry, HistoryResult } from './history.ts';
import { historyEntry } from './history.ts';
import { containerNameOf } from './labels.ts';
import type { Action, Step, StepOutcome } from './step.ts';

/** What a step was, why it was taken, and what came of it. */
export function tellStep(
  step: Step,
  outcome: StepOutcome,
  actor: string,
  startedAt: number,
  at: number,
): HistoryEntry {
  const { application, service, slot, host, action, cause } = step;
  const { commit, origin, path, reason, changes } = cause;
  const paths = [path, ...changes.map((change) => change.path)].filter((each) => each !== '');
  return historyEntry({
    at,
    kind: 'step',
    action: action.kind,
    application,
    service,
    slot,
    host,
    container: containerOf(action),
    commit,
    origin,
    fields: [...new Set(paths)],
    actor,
    cause: reason,
    result: outcome.kind satisfies HistoryResult,
    message: messageOf(outcome),
    startedAt,
  });
}

function containerOf(action: Action): string {
  if (action.kind === 'create-container') return containerNameOf(action.identity, action.service);
  return 'guard' in action ? action.name : '';
}

function messageOf(outcome: StepOutcome): string {
  switch (outcome.kind) {
    case 'done':
      return '';
    case 'failed':
      return `${outcome.failure.reason}: ${outcome.failure.message}`;
    case 'skipped':
    case 'unknown':
      return outcome.reason;
  }
}
