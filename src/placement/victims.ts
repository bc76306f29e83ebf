import type { Amounts } from '../model/fleet.ts';
import type { Candidate } from './candidates.ts';
import { priorityOf } from './priority.ts';
import { rendezvous, stir } from './rendezvous.ts';
import { shareOf, shortages } from './room.ts';
import type { Slot } from './slot.ts';

/** A slot that may leave a host, with what it takes there. */
interface Resident {
  readonly slot: Slot;
  readonly priority: number;
  readonly reservation: Amounts;
  /** How much of the host that is, in tenths. */
  readonly share: number;
  readonly chance: number;
}

/** The slots that leave a host so that another one has room there. */
export interface Victims {
  readonly slots: readonly Slot[];
  /** The highest of their priorities. */
  readonly priority: number;
  /** How much of the host they leave free, in tenths. */
  readonly share: number;
}

/**
 * Those of less important slots that have to leave a host before it has room for one more; null: not even all of them are
 * enough. The more important of them stay as far as there is room beside what comes, and of equals the small ones, so that few
 * leave, and none that need not.
 *
 * @param wanted what the one that comes reserves there
 * @param lower slots on the host that may leave
 */
export function victimsOn(
  host: Candidate,
  wanted: Amounts,
  lower: readonly Slot[],
): Victims | null {
  const residents = lower.map((slot) => residentOf(slot, host));
  // As if all of them had left.
  let taken: Amounts = host.load;
  for (const { reservation } of residents) taken = less(taken, reservation);
  const fits = (more: Amounts): boolean =>
    shortages(host.room, plus(taken, more), wanted).length === 0;
  if (!fits(nothing)) return null;
  const leaving = new Set(residents);
  for (const resident of residents.toSorted(compareStaying)) {
    if (!fits(resident.reservation)) continue;
    taken = plus(taken, resident.reservation);
    leaving.delete(resident);
  }
  // One that is smaller may do as well.
  for (const large of [...leaving].toSorted((a, b) => compareStaying(b, a))) {
    const small = residents
      .filter(
        (one) => !leaving.has(one) && one.priority === large.priority && one.share < large.share,
      )
      .toSorted(compareStaying)
      .find((one) => fits(less(large.reservation, one.reservation)));
    if (small === undefined) continue;
    taken = plus(taken, less(large.reservation, small.reservation));
    leaving.delete(large);
    leaving.add(small);
  }
  return {
    slots: [...leaving].map(({ slot }) => slot),
    priority: Math.max(...[...leaving].map(({ priority }) => priority)),
    share: [...leaving].reduce((total, { share }) => total + share, 0),
  };
}

function residentOf(slot: Slot, { name, room, stirred }: Candidate): Resident {
  const { reservation } = slot.demand.needs(name);
  return {
    slot,
    priority: priorityOf(slot.demand),
    reservation,
    share: shareOf(room, nothing, reservation),
    chance: rendezvous(stir(slot.key), stirred),
  };
}

/** Negative when the first stays rather than the second. */
function compareStaying(a: Resident, b: Resident): number {
  return (
    b.priority - a.priority ||
    a.share - b.share ||
    a.chance - b.chance ||
    (a.slot.key < b.slot.key ? -1 : 1)
  );
}

const nothing: Amounts = { nanoCpus: 0, memoryBytes: 0 };

function plus(a: Amounts, b: Amounts): Amounts {
  return { nanoCpus: a.nanoCpus + b.nanoCpus, memoryBytes: a.memoryBytes + b.memoryBytes };
}

function less(a: Amounts, b: Amounts): Amounts {
  return { nanoCpus: a.nanoCpus - b.nanoCpus, memoryBytes: a.memoryBytes - b.memoryBytes };
}
