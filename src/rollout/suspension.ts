import type { JournalEntry } from '../model/journal-state.ts';
import type { ApplicationContext } from './application-context.ts';

/** Nothing of the application is changed: its manifest says so, or somebody did. */
export function isSuspended({
  desired,
  record,
}: Pick<ApplicationContext, 'desired' | 'record'>): boolean {
  return desired.suspend || record.suspension?.requested === true;
}

/** The journal follows what the manifest says, so that the clocks of a rollout stand still meanwhile. */
export function suspensionEntries({
  desired,
  record,
  application,
  world,
}: Pick<
  ApplicationContext,
  'desired' | 'record' | 'application' | 'world'
>): readonly JournalEntry[] {
  const { suspension } = record;
  if (desired.suspend && suspension === null) {
    return [{ kind: 'suspended', application, requested: false, at: world.now }];
  }
  if (!desired.suspend && suspension !== null && !suspension.requested) {
    return [{ kind: 'resumed', application, at: world.now }];
  }
  return [];
}
