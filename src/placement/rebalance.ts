import type { HostName } from '../model/names.ts';
import { assign, type Board, unassign } from './board.ts';
import { fillBoard } from './fill-board.ts';
import { compareGains, gainOf, type Gain } from './gain.ts';
import { firstChoice, queueFor } from './host-queue.ts';
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
  return [...byHost].flatMap(([host, slot]) => proposalFor(board, slot, host) ?? []);
}

/** Asks where the slot would go if it were new. */
function proposalFor(board: Board, slot: Slot, from: HostName): Proposal | null {
  const before = board.candidates.get(from);
  if (before === undefined) return null;
  unassign(board, slot, from);
  const queue = queueFor(board, slot.demand, from);
  const best = firstChoice(queue);
  const group = queue.groups.find(({ hosts }) => hosts.some(({ host }) => host === before));
  const ranked = group?.hosts.find(({ host }) => host === before);
  const gain =
    best === null || group === undefined || ranked === undefined
      ? null
      : gainOf(slot.demand, { group, ranked }, best);
  assign(board, slot, from);
  return best === null || gain === null ? null : { slot, from, to: best.ranked.host.name, gain };
}

function compareProposals(a: Proposal, b: Proposal): number {
  return compareGains(a.gain, b.gain) || (a.slot.key < b.slot.key ? -1 : 1);
}
