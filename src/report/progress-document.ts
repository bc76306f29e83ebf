import type { Entry, Step as StepDocument, Wait } from '../generated/progress.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { Step, StepOutcome } from '../model/step.ts';
import type { Waiting } from '../rollout/draft.ts';
import { applicationOf, describeEntry } from './describe-entry.ts';
import { describeAction } from './describe-step.ts';
import { isoTimeOrNull } from '../model/iso-time.ts';
import { formatPosition } from './text.ts';

/**
 * A step that was begun, or has ended, as a line of progress: schemas/progress.schema.json.
 *
 * @param outcome null: it was begun
 * @param at ISO 8601, as in all three
 */
export function stepProgress(
  step: Step,
  outcome: StepOutcome | null,
  durationMs: number,
  at: string,
): StepDocument {
  const { application, service, slot, host, action, cause } = step;
  const { subject, detail } = describeAction(action);
  return {
    at,
    kind: 'step',
    application,
    service,
    slot,
    host,
    action: action.kind,
    subject,
    detail,
    reason: cause.reason,
    origin: cause.origin === null ? null : formatPosition(cause.origin),
    outcome: outcome?.kind ?? 'started',
    message: outcome === null ? '' : outcomeMessage(outcome),
    durationMs: Math.round(durationMs),
  };
}

function outcomeMessage(outcome: StepOutcome): string {
  switch (outcome.kind) {
    case 'done':
      return '';
    case 'failed':
      return outcome.failure.message;
    case 'skipped':
    case 'unknown':
      return outcome.reason;
  }
}

export function waitProgress(waiting: Waiting, at: string): Wait {
  const { application, service, slot, host, kind, reason, until } = waiting;
  const place = { application, service, slot, host };
  return { at, kind: 'wait', ...place, wait: kind, reason, until: isoTimeOrNull(until) };
}

export function entryProgress(entry: JournalEntry, at: string): Entry {
  const application = applicationOf(entry);
  return { at, kind: 'entry', application, entry: entry.kind, message: describeEntry(entry) };
}

/** Whether two waits are one: that it is put off, or looked at again, is no news. */
export function waitKey({ application, service, slot, kind, reason }: Waiting): string {
  return JSON.stringify([application, service, slot, kind, reason]);
}
