import { sha256 } from '../model/digest.ts';
import type { Board } from './board.ts';
import { countKeys, countOf } from './board.ts';
import type { CandidateHost } from './constraint.ts';
import { isAvoided } from './keep.ts';
import type { Slot } from './slot.ts';

/** Negative when the first of two hosts is the better one for a slot. */
export function compareHosts(board: Board, slot: Slot, a: CandidateHost, b: CandidateHost): number {
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
function score(board: Board, slot: Slot, host: CandidateHost): readonly number[] {
  const [total, application, service] = countKeys(slot, host.spec.name);
  return [
    isAvoided(board, slot, host.spec.name) ? 1 : 0,
    countOf(board, service),
    countOf(board, application),
    countOf(board, total),
  ];
}

function rank(slot: Slot, host: CandidateHost): string {
  return sha256(`${slot.key}@${host.spec.name}`);
}
