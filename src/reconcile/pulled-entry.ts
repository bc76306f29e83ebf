import type { JournalEntry } from '../model/journal-state.ts';
import type { Step, StepOutcome } from '../model/step.ts';

/**
 * That an image was pulled for the fleet, since no engine tells who has pulled one. Where it is not written down, because
 * the operator was ended or the answer was lost, the image is never removed. Null: nothing was pulled.
 */
export function pulledEntry(
  { host, application, action }: Step,
  outcome: StepOutcome,
  at: number,
): Extract<JournalEntry, { readonly kind: 'image-pulled' }> | null {
  if (action.kind !== 'pull-image' || outcome.kind !== 'done' || outcome.pulled === undefined) {
    return null;
  }
  const { id, isNew } = outcome.pulled;
  return { kind: 'image-pulled', host, id, isNew, reference: action.image, application, at };
}
