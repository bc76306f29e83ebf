import type { HostName } from '../model/names.ts';
import { neighbours } from '../model/shared-slot.ts';
import type { Board } from './board.ts';
import { assign } from './board.ts';
import { choicesAmong, countChoice, firstChoice, queueFor } from './host-queue.ts';
import type { Choice, HostQueue } from './host-queue.ts';
import { isAvoided, keep } from './keep.ts';
import type { Slot } from './slot.ts';
import { strayFrom } from './stray.ts';

/**
 * Gives each slot the best host. One that has made room, and is still where it did, stays there when there is room after all.
 *
 * @param slots those of one service follow each other
 * @returns those for which there is none
 */
export function settleAll(board: Board, slots: readonly Slot[]): readonly Slot[] {
  const { withheld, evicted } = board.input;
  const homeless: Slot[] = [];
  let queue: HostQueue | null = null;
  for (const slot of slots) {
    if (withheld?.has(slot.key) === true) {
      homeless.push(slot);
      continue;
    }
    if (evicted?.has(slot.key) === true && keep(board, slot)) {
      queue = null;
      continue;
    }
    if (queue?.demand !== slot.demand) queue = queueFor(board, slot.demand);
    const choice = choose(board, queue, slot);
    if (choice === null) {
      homeless.push(slot);
    } else {
      assign(board, slot, choice.ranked.host.name);
      countChoice(queue, choice);
    }
  }
  return homeless;
}

/** The best host that has a place for a slot; null: none has. */
export function hostFor(board: Board, slot: Slot): HostName | null {
  return choose(board, queueFor(board, slot.demand), slot)?.ranked.host.name ?? null;
}

function choose(board: Board, queue: HostQueue, slot: Slot): Choice | null {
  if (!isPicky(board, slot)) return firstChoice(queue);
  const choices = choicesAmong(queue, (host) => isHostFor(board, slot, host));
  const unspoilt = choices.find(({ ranked }) => !isAvoided(board, slot, ranked.host.name));
  return unspoilt ?? choices[0] ?? null;
}

/** It does not go by the same hosts as the other slots of its service. */
export function isPicky({ input }: Board, slot: Slot): boolean {
  return input.avoided.has(slot.key) || isTied(slot);
}

/** Not every host that its service admits will do. */
function isTied({ demand: { service } }: Slot): boolean {
  return service.mode === 'global' || neighbours(service).length > 0;
}

/** Whether a slot may be on a host, by what it is near and, when it is global, by its name. */
export function isHostFor(board: Board, slot: Slot, host: HostName): boolean {
  const isGlobal = slot.demand.service.mode === 'global';
  return (!isGlobal || slot.slot === host) && strayFrom(board, slot, host).length === 0;
}
