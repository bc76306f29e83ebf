import type { HostName } from '../model/names.ts';
import type { Board } from './board.ts';
import type { Candidate } from './candidates.ts';
import { isAmong, type Dependencies } from './dependencies.ts';
import { lastingExclusions, placeExclusions, tiesOf } from './exclusions.ts';
import { isAvoided } from './keep.ts';
import { priorityOf } from './priority.ts';
import { rendezvous, stir } from './rendezvous.ts';
import { isHostFor } from './settle.ts';
import type { Slot } from './slot.ts';
import { victimsOn, type Victims } from './victims.ts';

/** A host, and who has to leave it. */
interface Room extends Victims {
  readonly host: Candidate;
  readonly chance: number;
}

/**
 * The host on which room for a slot costs least: the least important ones leave, then the fewest, then those that take least of
 * their host. Null: none admits it but for its capacity, or all that is less important there is not enough.
 *
 * @param residents the slots that may leave, by host
 * @param dependencies what the slot is made after: its room would be of no use
 */
export function cheapestRoom(
  board: Board,
  slot: Slot,
  residents: ReadonlyMap<HostName, ReadonlySet<Slot>>,
  dependencies: Dependencies,
): Room | null {
  const { demand } = slot;
  const ties = tiesOf(board, demand);
  const own = priorityOf(demand);
  const key = stir(demand.key);
  let best: Room | null = null;
  for (const host of hostsFor(board, slot)) {
    const lower = [...(residents.get(host.name) ?? [])].filter(
      (resident) => priorityOf(resident.demand) < own && !isAmong(dependencies, resident.demand),
    );
    if (lower.length === 0 || lastingExclusions(demand, ties, host).length > 0) continue;
    if (placeExclusions(demand, host).some((reason) => typeof reason === 'string')) continue;
    const victims = victimsOn(host, demand.needs(host.name).reservation, lower);
    if (victims === null) continue;
    const room = { host, ...victims, chance: rendezvous(key, host.stirred) };
    if (best === null || compareRooms(room, best) < 0) best = room;
  }
  return best;
}

/** Those on which a slot may be, as far as that hangs on what it is near and what it has failed on. */
function hostsFor(board: Board, slot: Slot): readonly Candidate[] {
  return [...board.candidates.values()].filter(
    ({ name }) => isHostFor(board, slot, name) && !isAvoided(board, slot, name),
  );
}

function compareRooms(a: Room, b: Room): number {
  return (
    a.priority - b.priority ||
    a.slots.length - b.slots.length ||
    a.share - b.share ||
    a.chance - b.chance ||
    (a.host.name < b.host.name ? -1 : 1)
  );
}
