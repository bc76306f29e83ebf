import type { HostName } from '../model/names.ts';
import type { Board } from './board.ts';
import { assign, unassign } from './board.ts';
import type { Demand } from './demand.ts';
import { cheapestRoom } from './cheapest-room.ts';
import { dependenciesAmong, type Dependencies } from './dependencies.ts';
import { evictableOn } from './evictable.ts';
import { priorityOf } from './priority.ts';
import { hostFor, isPicky } from './settle.ts';
import type { Slot } from './slot.ts';

/**
 * Makes room for slots that no host takes for want of capacity alone, the most important first: less important ones leave, and
 * go elsewhere, or have no host. Each time that some have left all are asked again, for a port may be free now. Each time the
 * more important have more, so that it comes to an end.
 *
 * @param slots all that have been asked for so far
 * @param waiting those that have no host, or are to leave theirs and cannot
 * @returns those that have no host
 */
export function makeRoom(
  board: Board,
  slots: readonly Slot[],
  waiting: readonly Slot[],
): readonly Slot[] {
  const { suspended, halted, withheld } = board.input;
  // What nothing is made for now needs no room yet.
  const isStill = ({ key, demand: { application } }: Slot): boolean =>
    suspended?.has(application) === true ||
    halted?.has(application) === true ||
    withheld?.has(key) === true;
  const asking = waiting.filter((slot) => !isStill(slot));
  if (asking.length === 0) return homeless(board, waiting);
  const least = slots.reduce(
    (lowest, { demand }) => Math.min(lowest, priorityOf(demand)),
    Infinity,
  );
  if (asking.every(({ demand }) => priorityOf(demand) <= least)) return homeless(board, waiting);
  const filling = startOn(board, slots);
  for (let round = 0, left = asking; ; round += 1) {
    const { unplaced, hasMadeRoom } = askAll(filling, left, round > 0);
    left = [...unplaced];
    if (hasMadeRoom) continue;
    const nowhere = new Set([...waiting.filter(isStill), ...left]);
    return homeless(
      board,
      slots.filter((slot) => nowhere.has(slot)),
    );
  }
}

function homeless({ assignments }: Board, slots: readonly Slot[]): readonly Slot[] {
  return slots.filter(({ key }) => !assignments.has(key));
}

/** A board while room is made on it. */
interface Filling {
  readonly board: Board;
  readonly isEvictable: (demand: Demand) => boolean;
  readonly dependenciesOf: (demand: Demand) => Dependencies;
  /** The slots that may leave a host, by host. */
  readonly residents: ReadonlyMap<HostName, Set<Slot>>;
  /** The place of each slot among all. */
  readonly order: ReadonlyMap<Slot, number>;
}

/**
 * Gives slots a host, if need be that of others, which are asked after all that are more important.
 *
 * @param isAnew something has left a host since each of them was asked last
 */
function askAll(
  filling: Filling,
  waiting: readonly Slot[],
  isAnew: boolean,
): { readonly unplaced: readonly Slot[]; readonly hasMadeRoom: boolean } {
  const { board, residents, dependenciesOf } = filling;
  const unplaced: Slot[] = [];
  // The slots of a service are alike: where one has no place the next has none.
  const hopeless = new Set<Demand>();
  let queue = inOrder(filling, waiting);
  let hasMadeRoom = false;
  for (let next = 0; next < queue.length; next += 1) {
    const slot = queue[next];
    if (slot === undefined) break;
    if (hopeless.has(slot.demand)) {
      unplaced.push(slot);
      continue;
    }
    const free = isAnew || hasMadeRoom ? hostFor(board, slot) : null;
    const room =
      free === null ? cheapestRoom(board, slot, residents, dependenciesOf(slot.demand)) : null;
    const host = free ?? room?.host.name;
    if (host === undefined) {
      if (!isPicky(board, slot)) hopeless.add(slot.demand);
      unplaced.push(slot);
      continue;
    }
    for (const victim of room?.slots ?? []) evict(filling, victim, host, slot);
    settleOn(filling, slot, host);
    if (room === null) continue;
    hasMadeRoom = true;
    queue = inOrder(filling, [...queue.slice(next + 1), ...room.slots]);
    next = -1;
  }
  return { unplaced, hasMadeRoom };
}

function evict({ board, residents }: Filling, victim: Slot, host: HostName, by: Slot): void {
  const { evictions, input } = board;
  unassign(board, victim, host);
  residents.get(host)?.delete(victim);
  if (input.current.get(victim.key) === host) evictions.set(victim.key, { host, by: by.key });
  // Who has its room now has that which it was made.
  for (const [key, earlier] of evictions) {
    if (earlier.by === victim.key && earlier.host === host)
      evictions.set(key, { host, by: by.key });
  }
}

function settleOn({ board, isEvictable, residents }: Filling, slot: Slot, host: HostName): void {
  const before = board.assignments.get(slot.key);
  if (before !== undefined) {
    unassign(board, slot, before);
    residents.get(before)?.delete(slot);
    board.staying.delete(slot.key);
  }
  assign(board, slot, host);
  if (board.evictions.get(slot.key)?.host === host) board.evictions.delete(slot.key);
  if (isEvictable(slot.demand)) residents.get(host)?.add(slot);
}

function startOn(board: Board, slots: readonly Slot[]): Filling {
  const isEvictable = evictableOn(board);
  const dependenciesOf = dependenciesAmong(board.input.services);
  const residents = new Map([...board.candidates.keys()].map((name) => [name, new Set<Slot>()]));
  for (const slot of slots) {
    const host = board.assignments.get(slot.key);
    if (host !== undefined && isEvictable(slot.demand)) residents.get(host)?.add(slot);
  }
  const order = new Map(slots.map((slot, at) => [slot, at]));
  return { board, isEvictable, dependenciesOf, residents, order };
}

/** The most important first, and else as they are asked for. */
function inOrder({ order }: Filling, slots: readonly Slot[]): readonly Slot[] {
  return slots.toSorted(
    (a, b) =>
      priorityOf(b.demand) - priorityOf(a.demand) || (order.get(a) ?? 0) - (order.get(b) ?? 0),
  );
}
