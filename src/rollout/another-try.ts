import type { JournalEntry } from '../model/journal-state.ts';
import { versionsOf } from '../model/variants.ts';
import { rolloutKey, targetOf } from './target.ts';
import type { World } from './world.ts';

/**
 * Rollouts that begin anew: the version is the one that was given up, but with another gate, other limits or a raised retry
 * counter it is another try, which has its own clock and tries. The record of the first one stays where it is paused.
 */
export function anotherTryEntries({ desired, journal, now }: World): readonly JournalEntry[] {
  const { commit } = desired.revision;
  return desired.applications.flatMap((spec): readonly JournalEntry[] => {
    const record = journal.applications.get(spec.name);
    if (record === undefined || record.rollout === null || record.rollout.isRollback) return [];
    const { rollout, quarantined } = record;
    const key = rolloutKey(spec);
    const hasFailed = quarantined.some(
      ({ service, hash, at }) =>
        at > rollout.startedAt &&
        spec.services.flatMap(versionsOf).some((one) => one.name === service && one.hash === hash),
    );
    if (rollout.key !== key || !hasFailed) return [];
    if (targetOf(spec, commit, record).mode !== 'desired') return [];
    const { name: application } = spec;
    return [{ kind: 'rollout-started', application, key, commit, isRollback: false, at: now }];
  });
}
