import type { JournalEntry, JournalState } from './journal-state.ts';
import type { CommitSha } from './names.ts';

/** What the journal notes when a commit is accepted: which applications there are now, and which are gone since it. */
export function acceptEntries(
  state: JournalState,
  commit: CommitSha,
  applications: readonly string[],
): readonly JournalEntry[] {
  const present = new Set(applications);
  const seen = applications
    .filter((name) => state.applications.get(name)?.removedBy !== null)
    .map((application): JournalEntry => ({ kind: 'application-seen', application }));
  const removed = [...state.applications]
    .filter(([name, record]) => !present.has(name) && record.removedBy === null)
    .map(([application]): JournalEntry => ({ kind: 'application-removed', application, commit }));
  return [...seen, ...removed];
}
