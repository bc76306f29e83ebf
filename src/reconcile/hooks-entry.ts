import { hookFailed } from '../model/hooks.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { Step, StepOutcome } from '../model/step.ts';

/**
 * What came of the hooks of a start. It is written down, since no host can tell: where it is not, because the operator was
 * ended or the answer was lost, they are run again. Null: it is about something else, or not known.
 */
export function hooksEntry(
  { key: slot, action }: Step,
  outcome: StepOutcome,
  at: number,
): Extract<JournalEntry, { readonly kind: 'hooks-ended' }> | null {
  if (action.kind !== 'run-hooks') return null;
  const ended = { kind: 'hooks-ended', slot, container: action.guard.id, at } as const;
  if (outcome.kind === 'done') return { ...ended, failure: null };
  const isTheirs = outcome.kind === 'failed' && outcome.failure.reason === hookFailed;
  return isTheirs ? { ...ended, failure: outcome.failure.message } : null;
}
