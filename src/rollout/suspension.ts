import type { JournalEntry } from '../model/journal-state.ts';
import type { ApplicationContext } from './application-context.ts';
import type { World } from './world.ts';

/** Nothing of the application is changed: its manifest says so, or somebody did. */
export function isSuspended({
  desired,
  record,
}: Pick<ApplicationContext, 'desired' | 'record'>): boolean {
  return desired.suspend || record.suspension?.requested === true;
}

/** The journal follows what the manifests say, so that the clocks of a rollout stand still meanwhile. */
export function suspensionEntries({ desired, journal, now: at }: World): readonly JournalEntry[] {
  return desired.applications.flatMap(({ name: application, suspend }): readonly JournalEntry[] => {
    const suspension = journal.applications.get(application)?.suspension ?? null;
    if (suspend && suspension === null) {
      return [{ kind: 'suspended', application, requested: false, at }];
    }
    if (!suspend && suspension !== null && !suspension.requested) {
      return [{ kind: 'resumed', application, at }];
    }
    return [];
  });
}
