import { sha256 } from '../model/digest.ts';
import type { Board } from './board.ts';
import type { Candidate } from './candidates.ts';
import { isAvoided } from './keep.ts';
import { serviceKey, type Slot } from './slot.ts';

/** Negative when the first of two hosts is the better one for a slot. */
export function compareHosts(board: Board, slot: Slot, a: Candidate, b: Candidate): number {
  const left = score(board, slot, a);
  const right = score(board, slot, b);
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0;
    if (value !== other) return value - other;
  }
  // Rendezvous hashing; dear, and only for ties.
  return rank(slot, a) < rank(slot, b) ? -1 : 1;
}

/** Smaller is better, first difference decides. */
function score(board: Board, slot: Slot, { name, load }: Candidate): readonly number[] {
  return [
    isAvoided(board, slot, name) ? 1 : 0,
    load.services.get(serviceKey(slot)) ?? 0,
    load.applications.get(slot.application) ?? 0,
    load.total,
  ];
}

function rank(slot: Slot, { name }: Candidate): string {
  return sha256(`${slot.key}@${name}`);
}
