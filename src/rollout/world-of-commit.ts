import { acceptEntries } from '../model/accept-entries.ts';
import type { DesiredState } from '../model/desired.ts';
import { reduceJournal } from '../model/journal-reduce.ts';
import type { JournalState } from '../model/journal-state.ts';
import type { World } from './world.ts';

/**
 * The world as it would be with a commit in force. Steps under way, and what failed lately, are not known to it: only an
 * operator at work knows those.
 */
export function worldOfCommit(
  desired: DesiredState,
  observations: World['observations'],
  state: JournalState,
  now: number,
  traffic: World['traffic'] = new Map(),
): World {
  const names = desired.applications.map(({ name }) => name);
  const entries = acceptEntries(state, desired.revision.commit, names);
  return {
    desired,
    observations,
    journal: entries.reduce(reduceJournal, state),
    readiness: new Map(),
    traffic,
    proofs: null,
    analyses: null,
    load: new Map(),
    inFlight: new Map(),
    failures: new Map(),
    lookups: new Map(),
    requests: [],
    sourceAwaySince: null,
    watchingSince: 0,
    now,
  };
}

/** The same for who looks on: canaries stand as what the operator has measured of them says. */
export function asMeasured(world: World): World {
  return { ...world, analyses: world.journal.analyses };
}
