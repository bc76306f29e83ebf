import type { HostName } from '../model/names.ts';
import { neighbours } from '../model/shared-slot.ts';
import type { Board } from './board.ts';
import { assign } from './board.ts';
import { explainSlot } from './explain-slot.ts';
import { choicesAmong, countChoice, firstChoice, queueFor } from './host-queue.ts';
import type { Choice, HostQueue } from './host-queue.ts';
import { isAvoided } from './keep.ts';
import type { UnplacedSlot } from './place.ts';
import type { Slot } from './slot.ts';
import { strayFrom } from './stray.ts';

/**
 * Gives each slot the best host, or says why there is none.
 *
 * @param slots those of one service follow each other
 */
export function settleAll(board: Board, slots: readonly Slot[]): readonly UnplacedSlot[] {
  const unplaced: UnplacedSlot[] = [];
  let queue: HostQueue | null = null;
  for (const slot of slots) {
    const withheld = board.input.withheld?.get(slot.key);
    if (withheld !== undefined) {
      unplaced.push(unplacedSlot(slot, withheld));
      continue;
    }
    if (queue?.demand !== slot.demand) queue = queueFor(board, slot.demand);
    const choice = choose(board, queue, slot);
    if (choice === null) {
      unplaced.push(unplacedSlot(slot, explainSlot(board, slot, queue.ties)));
    } else {
      assign(board, slot, choice.ranked.host.name);
      countChoice(queue, choice);
    }
  }
  return unplaced;
}

function choose(board: Board, queue: HostQueue, slot: Slot): Choice | null {
  const isPicky = board.input.avoided.has(slot.key) || isTied(slot);
  if (!isPicky) return firstChoice(queue);
  const choices = choicesAmong(queue, (host) => isHostFor(board, slot, host));
  const unspoilt = choices.find(({ ranked }) => !isAvoided(board, slot, ranked.host.name));
  return unspoilt ?? choices[0] ?? null;
}

/** Not every host that its service admits will do. */
function isTied({ demand: { service } }: Slot): boolean {
  return service.mode === 'global' || neighbours(service).length > 0;
}

function isHostFor(board: Board, slot: Slot, host: HostName): boolean {
  const isGlobal = slot.demand.service.mode === 'global';
  return (!isGlobal || slot.slot === host) && strayFrom(board, slot, host).length === 0;
}

function unplacedSlot({ demand, slot }: Slot, explanation: string): UnplacedSlot {
  const { application, service } = demand;
  return { application, service: service.name, slot, explanation };
}
