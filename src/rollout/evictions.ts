import type { ApplicationSpec } from '../model/application.ts';
import { groupBy } from '../model/group-by.ts';
import type { JournalEntry, JournalState } from '../model/journal-state.ts';
import { slotKey } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import type { Inventory } from '../drift/identify.ts';
import { serviceKey } from '../placement/demand.ts';
import type { Eviction } from '../placement/eviction.ts';
import { forWhom } from '../placement/eviction.ts';
import type { Placement, PlacementInput } from '../placement/place.ts';
import { waitingLatecomers } from './latecomers.ts';
import { isLive } from './slot-view.ts';

/** A slot that is to make room on a host where something of it is. */
export interface Leaving extends Eviction {
  /** `prod/shop/web (priority 900 above 100)`. */
  readonly forWhom: string;
  /** It was asked to leave: it does so, whatever the budget of its service says. */
  readonly hasBegun: boolean;
  /** Something of it runs there. */
  readonly isLive: boolean;
  /** Keys of slots that are made there only after it was asked to leave. */
  readonly latecomers: ReadonlySet<string>;
}

/** Slots that have begun to make room, or have made it, by slot key. */
export function begunEvictions({ slots }: JournalState): ReadonlyMap<string, Eviction> {
  const begun = new Map<string, Eviction>();
  for (const [key, { evicted }] of slots) if (evicted !== undefined) begun.set(key, evicted);
  return begun;
}

/** By slot key, what is to leave a host, or is about to, for something more important. */
export function leavingSlots(
  { services, evicted: begun = new Map() }: PlacementInput,
  placement: Placement,
  { instances }: Inventory,
  applications: readonly ApplicationSpec[],
): ReadonlyMap<string, Leaving> {
  const { assignments, evictions } = placement;
  if (begun.size === 0 && evictions.size === 0) return new Map();
  const byKey = new Map(services.map((placed) => [serviceKey(placed), placed]));
  const latecomers = waitingLatecomers(placement, services, applications);
  const leaving = new Map<string, Leaving>();
  for (const instance of instances) {
    const { slotKey: key, container, identity } = instance;
    const eviction = evictions.get(key) ?? begun.get(key);
    const placed = byKey.get(`${identity.application}/${identity.service}`);
    if (eviction === undefined || placed === undefined) continue;
    const { host, by } = eviction;
    if (container.host !== host || assignments.get(key) === host) continue;
    leaving.set(key, {
      host,
      by,
      forWhom: forWhom(byKey, placed, by),
      hasBegun: begun.get(key)?.host === host,
      isLive: isLive(instance) || leaving.get(key)?.isLive === true,
      latecomers,
    });
  }
  return leaving;
}

/**
 * What is to make room stays as if nothing were asked of it until all else stands ready for what is to come: that may be the
 * image of a commit which is never pulled.
 */
export function untilBegun(placement: Placement, leaving: ReadonlyMap<string, Leaving>): Placement {
  const waiting = [...leaving].filter(([, { hasBegun }]) => !hasBegun);
  if (waiting.length === 0) return placement;
  const staying = new Map(waiting.map(([key, { host }]) => [key, host] as const));
  return {
    ...placement,
    assignments: new Map([...placement.assignments, ...staying]),
    unplaced: placement.unplaced.filter((slot) => !staying.has(slotKey(slot))),
  };
}

/** Ends the evictions of slots that have a host again, and are there. */
export function endedEvictions(
  journal: JournalState,
  assignments: ReadonlyMap<string, HostName>,
  { instances }: Inventory,
): readonly JournalEntry[] {
  const begun = begunEvictions(journal);
  if (begun.size === 0) return [];
  const own = instances.filter((instance) => begun.has(instance.slotKey));
  return [...groupBy(own, (instance) => instance.slotKey)]
    .filter(([slot, all]) =>
      all.every(
        ({ container }) =>
          container.host === assignments.get(slot) && container.restart.name !== 'no',
      ),
    )
    .map(([slot]) => ({ kind: 'eviction-ended', slot }));
}
