import type { JournalEntry } from '../model/journal-state.ts';
import type { Step, StepOutcome } from '../model/step.ts';

/** The answer to who asked for the removal of a volume. Null: it is about something else, or it is not known what came of it. */
export function removalEntry(
  { action }: Step,
  outcome: StepOutcome,
  at: number,
): Extract<JournalEntry, { readonly kind: 'request-answered' }> | null {
  if (action.kind !== 'remove-volume' || outcome.kind === 'unknown') return null;
  const { request } = action;
  const answer = { kind: 'request-answered', request, application: '', at } as const;
  if (outcome.kind === 'done') return { ...answer, accepted: true, message: 'removed' };
  const message = outcome.kind === 'failed' ? outcome.failure.message : outcome.reason;
  return { ...answer, accepted: false, message };
}
