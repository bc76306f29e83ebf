import { assign, type Board } from './board.ts';
import { lastingExclusions, placeExclusions, tiesOf } from './exclusions.ts';
import { isAvoided } from './keep.ts';
import type { Slot } from './slot.ts';
import { strayFrom } from './stray.ts';

/** Gives a slot the host that somebody asked to move it to, as long as it can be seen where it is and the host admits it. */
export function follow(board: Board, slot: Slot): boolean {
  const { input, candidates } = board;
  const to = input.moves?.get(slot.key);
  const current = input.current.get(slot.key);
  if (to === undefined || current === undefined || !candidates.has(current)) return false;
  const host = candidates.get(to);
  const isAdmitted =
    host !== undefined &&
    !isAvoided(board, slot, to) &&
    lastingExclusions(slot.demand, tiesOf(board, slot.demand), host).length === 0 &&
    strayFrom(board, slot, to).length === 0 &&
    placeExclusions(slot.demand, host).length === 0;
  if (isAdmitted) assign(board, slot, to);
  return isAdmitted;
}
