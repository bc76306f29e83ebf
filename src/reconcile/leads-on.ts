import type { JournalEntry } from '../model/journal-state.ts';
import type { Step } from '../model/step.ts';

/** Entries that only note what a step beside them does, or what was seen: nothing is decided otherwise because of them. */
const notes: ReadonlySet<JournalEntry['kind']> = new Set([
  'slot-reserved',
  'instance-seen',
  'instance-retired',
  'instance-gone',
  'promoted',
  'repaired',
  'host-lost',
  'host-use',
  'image-unused',
  'image-removal',
  'image-gone',
]);

/**
 * Whether what a pass has written may be the reason for another decision, so that it must be followed by a pass at once.
 * The end of a step brings one anyway.
 */
export function leadsOn(written: readonly JournalEntry[], steps: readonly Step[]): boolean {
  // It is another one each time, and says nothing that was not decided on.
  const entries = written.filter(({ kind }) => kind !== 'proof-noted');
  if (entries.length === 0) return false;
  return steps.length === 0 || entries.some(({ kind }) => !notes.has(kind));
}
