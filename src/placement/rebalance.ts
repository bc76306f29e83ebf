import type { HostName } from '../model/names.ts';
import { assign, type Board, unassign } from './board.ts';
import { fillBoard } from './fill-board.ts';
import { compareGains, gainOf, type Gain } from './gain.ts';
import { lastingExclusions } from './exclusions.ts';
import { heapify } from './heap.ts';
import { firstChoice, queueFor, type HostQueue } from './host-queue.ts';
import { compareRanked } from './ranked-host.ts';
import type { PlacementInput } from './place.ts';
import type { Slot } from './slot.ts';

/** A slot that is better off on another host. */
export interface Move {
  /** Its key. */
  readonly slot: string;
  readonly from: HostName;
  readonly to: HostName;
  /** `host-1 has 3 slots of shop/web, host-2 has 1`. */
  readonly why: string;
}

interface Proposal {
  readonly slot: Slot;
  readonly from: HostName;
  readonly to: HostName;
  readonly gain: Gain;
}

/**
 * The moves that even out a placement, the one that gains most first. Each makes something that placement goes by evener, and
 * nothing that weighs more less even, so that asking again comes to an end. No slot moves twice.
 *
 * @param movable keys of slots that may move; they share nothing with others
 * @param most how many moves at most
 */
export function rebalance(
  input: PlacementInput,
  movable: ReadonlySet<string>,
  most: number,
): readonly Move[] {
  const { board, slots } = fillBoard(input);
  const services = groupByService(slots.filter(({ key }) => movable.has(key)));
  const moved = new Set<Slot>();
  const moves: Move[] = [];
  let asked = services;
  while (moves.length < most) {
    const proposed = asked.map((group) => ({ group, proposals: propose(board, group, moved) }));
    const [best] = proposed.flatMap(({ proposals }) => proposals).toSorted(compareProposals);
    if (best === undefined) {
      if (asked === services) break;
      asked = services;
      continue;
    }
    const { slot, from, to, gain } = best;
    unassign(board, slot, from);
    assign(board, slot, to);
    moved.add(slot);
    moves.push({ slot: slot.key, from, to, why: gain.why });
    // Who would gain nothing most likely still does not, and is asked again only when nobody else does.
    asked = proposed.filter(({ proposals }) => proposals.length > 0).map(({ group }) => group);
  }
  return moves;
}

function groupByService(slots: readonly Slot[]): readonly (readonly Slot[])[] {
  const groups = new Map<string, Slot[]>();
  for (const slot of slots) {
    const group = groups.get(slot.demand.key);
    if (group === undefined) groups.set(slot.demand.key, [slot]);
    else group.push(slot);
  }
  return [...groups.values()];
}

/** The slots of a service are alike: one from each host is asked, the one with the highest number. */
function propose(
  board: Board,
  slots: readonly Slot[],
  moved: ReadonlySet<Slot>,
): readonly Proposal[] {
  const byHost = new Map<HostName, Slot>();
  for (const slot of slots) {
    const host = board.assignments.get(slot.key);
    if (host !== undefined && !moved.has(slot)) byHost.set(host, slot);
  }
  const [first] = byHost.values();
  if (first === undefined) return [];
  const { demand } = first;
  const queue = queueFor(board, demand, new Set(byHost.keys()));
  const choices = new Map(
    queue.groups.flatMap((group) =>
      group.hosts.map((ranked) => [ranked.host.name, { group, ranked }] as const),
    ),
  );
  const best = firstChoice(withoutClosed(queue, byHost));
  if (best === null) return [];
  const to = best.ranked.host.name;
  return [...byHost].flatMap(([from, slot]) => {
    const here = choices.get(from);
    const gain = here === undefined || from === to ? null : gainOf(demand, here, best);
    return gain === null ? [] : [{ slot, from, to, gain }];
  });
}

/** What takes nothing new was judged only for what is there. */
function withoutClosed(queue: HostQueue, present: ReadonlyMap<HostName, Slot>): HostQueue {
  const { demand, ties } = queue;
  const groups = queue.groups.map(({ counts, hosts }) => {
    const open = hosts.filter(
      ({ host }) => !present.has(host.name) || lastingExclusions(demand, ties, host).length === 0,
    );
    heapify(open, compareRanked);
    return { counts, hosts: open };
  });
  return { ...queue, groups };
}

function compareProposals(a: Proposal, b: Proposal): number {
  return compareGains(a.gain, b.gain) || (a.slot.key < b.slot.key ? -1 : 1);
}
