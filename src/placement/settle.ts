import type { Board } from './board.ts';
import { assign } from './board.ts';
import type { Candidate } from './candidates.ts';
import { compareHosts } from './compare-hosts.ts';
import { exclusionsOf } from './exclusions.ts';
import type { Exclusion } from './explain.ts';
import { explain } from './explain.ts';
import type { UnplacedSlot } from './place.ts';
import type { Slot } from './slot.ts';

/** Gives a slot the best host, or says why there is none. */
export function settle(board: Board, slot: Slot): UnplacedSlot | null {
  const { candidates, input } = board;
  const only = slot.service.mode === 'global' ? slot.slot : null;
  const exclusions: Exclusion[] = input.hosts
    .filter(({ name }) => !candidates.has(name))
    .map(() => 'unreachable');
  const eligible: Candidate[] = [];
  for (const host of candidates.values()) {
    if (only !== null && host.name !== only) continue;
    const excluded = exclusionsOf(board, slot, host);
    if (excluded.length === 0) eligible.push(host);
    exclusions.push(...excluded);
  }
  const best = eligible.toSorted((a, b) => compareHosts(board, slot, a, b))[0];
  if (best !== undefined) {
    assign(board, slot, best.name);
    return null;
  }
  return {
    application: slot.application,
    service: slot.service.name,
    slot: slot.slot,
    explanation: explain(input.hosts.length, exclusions),
  };
}
