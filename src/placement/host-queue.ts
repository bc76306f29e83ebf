import type { HostName } from '../model/names.ts';
import type { Board } from './board.ts';
import type { Candidate } from './candidates.ts';
import type { Demand } from './demand.ts';
import { lastingExclusions, placeExclusions, tiesOf, type Ties } from './exclusions.ts';
import { heapify, removeLeast, sink } from './heap.ts';
import { compareRanked, measure, ranking, type RankedHost } from './ranked-host.ts';
import { compareGroups, spreadGroups, type SpreadGroup } from './spread-groups.ts';

/**
 * The hosts for the slots of one service, the best first. Hosts are judged once: after that a slot changes only the place of
 * the host that it is given to.
 */
export interface HostQueue {
  readonly demand: Demand;
  readonly ties: Ties;
  readonly groups: readonly SpreadGroup[];
}

/** A host in a queue. */
export interface Choice {
  readonly group: SpreadGroup;
  readonly ranked: RankedHost;
}

/** @param present hosts that are judged too when they take nothing new: slots of the service are there */
export function queueFor(board: Board, demand: Demand, present?: ReadonlySet<HostName>): HostQueue {
  const ties = tiesOf(board, demand);
  const judge = ranking(demand);
  const rank = (host: Candidate): RankedHost | null =>
    present?.has(host.name) === true || lastingExclusions(demand, ties, host).length === 0
      ? judge(host)
      : null;
  const groups = spreadGroups(demand, board.candidates.values(), rank);
  for (const { hosts } of groups) heapify(hosts, compareRanked);
  return { demand, ties, groups };
}

/** The best host that has a place. */
export function firstChoice({ demand, groups }: HostQueue): Choice | null {
  let best: Choice | null = null;
  for (const group of groups) {
    const ranked = firstOf(demand, group);
    if (ranked === null) continue;
    const choice = { group, ranked };
    if (best === null || compareChoices(choice, best) < 0) best = choice;
  }
  return best;
}

/** The best host of a group that has a place. A host that has none will have none. */
function firstOf(demand: Demand, { hosts }: SpreadGroup): RankedHost | null {
  for (;;) {
    const [first] = hosts;
    if (first === undefined) return null;
    if (placeExclusions(demand, first.host).length === 0) return first;
    removeLeast(hosts, compareRanked);
  }
}

/** The hosts of some that have a place, the best first. */
export function choicesAmong(
  { demand, groups }: HostQueue,
  isOne: (host: HostName) => boolean,
): readonly Choice[] {
  return groups
    .flatMap((group) => group.hosts.map((ranked) => ({ group, ranked })))
    .filter(({ ranked }) => isOne(ranked.host.name))
    .filter(({ ranked }) => placeExclusions(demand, ranked.host).length === 0)
    .toSorted(compareChoices);
}

function compareChoices(a: Choice, b: Choice): number {
  return compareGroups(a.group, b.group) || compareRanked(a.ranked, b.ranked);
}

/** Brings a queue up to date after a slot of its service was given to a host of it. */
export function countChoice({ demand }: HostQueue, { group, ranked }: Choice): void {
  for (const count of group.counts) count.slots += 1;
  measure(ranked, demand);
  sink(group.hosts, group.hosts.indexOf(ranked), compareRanked);
}
