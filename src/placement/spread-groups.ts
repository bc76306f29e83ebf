import type { Candidate } from './candidates.ts';
import { attributeOf } from './constraint.ts';
import type { Demand } from './demand.ts';
import type { RankedHost } from './ranked-host.ts';

/** Hosts that are the same to all spread preferences of a service. Without a preference that is all of them. */
export interface SpreadGroup {
  /** One for each preference, from the first: the hosts that share its value and those of the preferences before it. */
  readonly counts: readonly Count[];
  readonly hosts: RankedHost[];
}

/** How many slots of the service are on some hosts. */
interface Count {
  slots: number;
}

/**
 * Groups hosts by the values that they have for the spread preferences; a host without a label is of the group of those
 * without it.
 *
 * @param candidates all hosts that can be seen: what is on those that take nothing more counts too
 */
export function spreadGroups(
  { slots, service }: Demand,
  candidates: Iterable<Candidate>,
  rank: (host: Candidate) => RankedHost | null,
): readonly SpreadGroup[] {
  const groups = new Map<string, SpreadGroup>();
  const counts = new Map<string, Count>();
  for (const host of candidates) {
    const names = groupNames(host, service.spread ?? []);
    const last = names.at(-1) ?? '';
    const group = groups.get(last) ?? { counts: countAll(counts, names), hosts: [] };
    groups.set(last, group);
    for (const count of group.counts) count.slots += slots.get(host.name) ?? 0;
    const ranked = rank(host);
    if (ranked !== null) group.hosts.push(ranked);
  }
  return [...groups.values()];
}

/** The name of a host's group by the first preference, by the first two, … */
function groupNames(host: Candidate, preferences: readonly string[]): readonly string[] {
  let name = '';
  return preferences.map((preference) => {
    const value = attributeOf(host, preference);
    name += `${value.length} ${value} `;
    return name;
  });
}

function countAll(counts: Map<string, Count>, names: readonly string[]): readonly Count[] {
  return names.map((name) => {
    const count = counts.get(name) ?? { slots: 0 };
    counts.set(name, count);
    return count;
  });
}

/** Negative when fewer slots are in the first group, by the first preference that tells; 0: none does. */
export function compareGroups(a: SpreadGroup, b: SpreadGroup): number {
  for (const [depth, { slots }] of a.counts.entries()) {
    const difference = slots - (b.counts[depth]?.slots ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
