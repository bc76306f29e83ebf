import type { Board } from './board.ts';
import { emptyBoard } from './board.ts';
import { serviceKey } from './demand.ts';
import { explainSlot } from './explain-slot.ts';
import { forWhom } from './eviction.ts';
import { keep } from './keep.ts';
import { listSlots } from './list-slots.ts';
import { follow } from './follow.ts';
import { makeRoom } from './make-room.ts';
import type { PlacementInput, UnplacedSlot } from './place.ts';
import { settleAll } from './settle.ts';
import type { Slot } from './slot.ts';

export interface FilledBoard {
  readonly board: Board;
  readonly slots: readonly Slot[];
  readonly unplaced: readonly UnplacedSlot[];
}

/**
 * Gives every slot a host, as far as there is one. What stays has its place before anything else gets one, and only what then has
 * none gets that of something less important.
 */
export function fillBoard(input: PlacementInput): FilledBoard {
  const board = emptyBoard(input);
  let slots: readonly Slot[] = [];
  let homeless: readonly Slot[] = [];
  for (const turn of listSlots(board)) {
    slots = slots.length === 0 ? turn : [...slots, ...turn];
    const left = settleAll(board, leavers(board, turn));
    const stuck = board.staying.size === 0 ? [] : turn.filter((slot) => isStuck(board, slot));
    homeless = makeRoom(board, slots, [...homeless, ...left, ...stuck]);
  }
  return { board, slots, unplaced: homeless.map((slot) => unplacedSlot(board, slot)) };
}

/**
 * Keeps slots where they are, what is there before what is not, and follows those who asked for moves; those that remain are to
 * be given a host.
 */
function leavers(board: Board, turn: readonly Slot[]): readonly Slot[] {
  const { moves, evicted, vacant } = board.input;
  const left = new Set<Slot>();
  const absent: Slot[] = [];
  const asked: Slot[] = [];
  for (const slot of turn) {
    const { key } = slot;
    if (evicted?.has(key) === true) left.add(slot);
    else if (moves?.has(key) === true) asked.push(slot);
    else if (vacant?.has(key) === true || isNewOnHost(board, slot)) absent.push(slot);
    else if (!keep(board, slot)) left.add(slot);
  }
  for (const slot of absent) if (!keep(board, slot)) left.add(slot);
  for (const slot of asked) if (!follow(board, slot) && !keep(board, slot)) left.add(slot);
  return turn.filter((slot) => left.has(slot));
}

/** Its host is clear before it was ever there. */
function isNewOnHost({ input }: Board, { key, demand }: Slot): boolean {
  return demand.service.mode === 'global' && !input.current.has(key);
}

/** It is to leave its host, might, and no other one takes it. */
function isStuck({ staying, hostTies, input }: Board, { key, demand }: Slot): boolean {
  return staying.has(key) && (input.abandoned.has(key) || !hostTies.has(serviceKey(demand)));
}

function unplacedSlot(board: Board, slot: Slot): UnplacedSlot {
  const { input, evictions, services, assignments } = board;
  const { application, service } = slot.demand;
  const unplaced = { application, service: service.name, slot: slot.slot };
  const explanation = input.withheld?.get(slot.key) ?? explainSlot(board, slot);
  const eviction = evictions.get(slot.key) ?? input.evicted?.get(slot.key);
  // Once that one is gone, it is no more the reason.
  if (eviction === undefined || !assignments.has(eviction.by)) return { ...unplaced, explanation };
  const { host, by } = eviction;
  const madeRoom = { host, forWhom: forWhom(services, slot.demand, by) };
  const why = `made room for ${madeRoom.forWhom}`;
  return { ...unplaced, explanation: `${why}: ${explanation}`, madeRoom };
}
