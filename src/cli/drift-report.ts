import { expiredRules } from '../drift/ignore.ts';
import type { DriftReport } from '../generated/drift.ts';
import type { DriftRecord } from '../journal/journal.ts';
import type { DriftItem } from '../model/drift.ts';
import { driftKey } from '../model/drift.ts';
import type { Revision } from '../model/revision.ts';
import type { DriftHistory } from '../report/drift-document.ts';
import { authorKey, driftDocument } from '../report/drift-document.ts';
import { hostNotes } from '../report/host-notes.ts';
import type { Source } from '../source/source.ts';
import type { Seen } from './fleet-view.ts';

export interface DriftFlags {
  /** Exit with 1 when there is open drift. */
  readonly exitCode?: boolean;
  /** Of what is shown: names, and how long ago it came or was put right, in milliseconds. */
  readonly application?: string;
  readonly host?: string;
  readonly since?: number;
}

/** How long what was put right is still shown. */
const shownResolvedMs = 60 * 60_000;

/** Finds who wrote the lines that items point to. */
type FindAuthors = (
  items: readonly DriftItem[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, Revision>>;

/** The report on what is seen, of as much as is asked for. */
export async function reportDrift(
  { world, decision, journal }: Omit<Seen, 'note'>,
  flags: Omit<DriftFlags, 'exitCode'>,
  findAuthors: FindAuthors,
  signal: AbortSignal,
): Promise<DriftReport> {
  const { now, desired } = world;
  const alone = new Set(decision.ignored.map(({ item }) => driftKey(item)));
  // What is left alone since it was recorded has not been put right.
  const recorded = journal
    .drift(now - (flags.since ?? shownResolvedMs))
    .filter(({ item }) => !alone.has(driftKey(item)));
  const isAskedFor = ({ item }: { readonly item: DriftItem }): boolean =>
    (flags.application ?? item.application) === item.application &&
    (flags.host ?? item.host) === item.host;
  const since = now - (flags.since ?? Number.POSITIVE_INFINITY);
  const records = mergeRecords(decision.drift, recorded, now)
    .filter(isAskedFor)
    .filter(({ firstSeen, resolvedAt }) => (resolvedAt ?? firstSeen) >= since);
  const ignored = decision.ignored.filter(isAskedFor);
  const items = [...records, ...ignored].map(({ item }) => item);
  return driftDocument({
    revision: desired.revision,
    records,
    ignored,
    expiredRules: expiredRules(desired, now),
    hostNotes: hostNotes(decision, now),
    observations: world.observations.values(),
    authors: await findAuthors(items, signal),
    now,
  });
}

/** What is there now, with the time since which the daemon has known it; and what it knew and is there no longer. */
function mergeRecords(
  items: readonly DriftHistory['item'][],
  recorded: readonly DriftRecord[],
  now: number,
): readonly DriftHistory[] {
  const known = new Map(recorded.map((record) => [driftKey(record.item), record]));
  const open = items.map((item) => {
    const record = known.get(driftKey(item));
    const isOpen = record !== undefined && record.resolvedAt === null;
    const cause = (isOpen ? record.item.cause : undefined) ?? item.cause;
    const firstSeen = isOpen ? record.firstSeen : Math.min(cause?.at ?? now, now);
    return {
      item: cause === undefined ? item : { ...item, cause },
      firstSeen,
      resolvedAt: null,
    };
  });
  const openKeys = new Set(items.map(driftKey));
  const resolved = recorded
    .filter(({ item }) => !openKeys.has(driftKey(item)))
    .map(({ item, firstSeen, resolvedAt }) => ({ item, firstSeen, resolvedAt: resolvedAt ?? now }));
  return [...open, ...resolved];
}

/**
 * Who wrote the lines that the items point to; one look per line and commit.
 *
 * @param known takes what is found
 */
export function authorsIn(source: Source, known: Map<string, Revision>): FindAuthors {
  return async (items, signal) => {
    for (const item of items) {
      const key = authorKey(item);
      if (key === null || item.origin === null || item.commit === null || known.has(key)) continue;
      try {
        known.set(key, await source.lastChange(item.origin, item.commit, signal));
      } catch {
        // The commit may be gone from the repository since; the report then names the revision in force.
      }
    }
    return known;
  };
}
