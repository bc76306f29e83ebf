import { slotKey } from '../model/labels.ts';
import { neighbours, sharedSlot } from '../model/shared-slot.ts';
import type { HostName } from '../model/names.ts';
import type { Board } from './board.ts';
import type { Slot } from './slot.ts';

/** What a slot is to be near and is not on a host. */
export function strayFrom(
  { services, assignments }: Board,
  { demand, slot }: Slot,
  host: HostName,
): readonly string[] {
  const { application, service } = demand;
  const near = neighbours(service);
  // Most services share nothing, and have tens of thousands of slots.
  if (near.length === 0) return near;
  return near.flatMap((name) => {
    const shared = services.get(`${application}/${name}`);
    if (shared === undefined) return [];
    const key = slotKey({ application, service: name, slot: sharedSlot(shared.service, slot) });
    const there = assignments.get(key);
    // A hook of a service that has no such slot may be anywhere.
    const isFree = there === undefined && service.job?.of === name;
    if (there === host || isFree) return [];
    return [`service "${name}" is ${there === undefined ? 'nowhere' : `on host "${there}"`}`];
  });
}
