import type { Inventory } from '../drift/identify.ts';
import type { JournalEntry, JournalState } from '../model/journal-state.ts';
import type { HostName } from '../model/names.ts';
import type { World } from './world.ts';

/** By slot key, where somebody asked to move slots that are not there yet. */
export function openMoves({ slots }: JournalState): ReadonlyMap<string, HostName> {
  const moves = new Map<string, HostName>();
  for (const [key, { movesTo }] of slots) if (movesTo !== undefined) moves.set(key, movesTo);
  return moves;
}

/** Ends moves that are done, and those that cannot be: what stays where it is needs no word from anybody. */
export function endedMoves(
  { journal }: World,
  assignments: ReadonlyMap<string, HostName>,
  { instances }: Inventory,
): readonly JournalEntry[] {
  const moves = openMoves(journal);
  return [...moves].flatMap(([slot, to]): readonly JournalEntry[] => {
    if (assignments.get(slot) !== to) {
      return [{ kind: 'move-ended', slot, reason: `${to} does not take it any more` }];
    }
    const own = instances.filter(({ slotKey }) => slotKey === slot);
    const isDone =
      own.length > 0 &&
      own.every(({ container }) => container.host === to && container.restart.name !== 'no');
    return isDone ? [{ kind: 'move-ended', slot, reason: `it is on ${to}` }] : [];
  });
}
