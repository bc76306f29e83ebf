import type { Board } from './board.ts';
import { emptyBoard } from './board.ts';
import { keep } from './keep.ts';
import { listSlots } from './list-slots.ts';
import { follow } from './follow.ts';
import type { PlacementInput, UnplacedSlot } from './place.ts';
import { settleAll } from './settle.ts';
import type { Slot } from './slot.ts';

export interface FilledBoard {
  readonly board: Board;
  readonly slots: readonly Slot[];
  readonly unplaced: readonly UnplacedSlot[];
}

/** Gives every slot a host, as far as there is one. What stays has its place before anything else gets one. */
export function fillBoard(input: PlacementInput): FilledBoard {
  const board = emptyBoard(input);
  const turns = listSlots(board);
  const isAsked = ({ key }: Slot): boolean => input.moves?.has(key) === true;
  const unplaced = turns.flatMap((turn) => {
    const homeless = turn.filter((slot) => !isAsked(slot) && !keep(board, slot));
    const asked = turn.filter(
      (slot) => isAsked(slot) && !follow(board, slot) && !keep(board, slot),
    );
    const left = new Set([...homeless, ...asked]);
    return settleAll(
      board,
      turn.filter((slot) => left.has(slot)),
    );
  });
  return { board, slots: turns.flat(), unplaced };
}
