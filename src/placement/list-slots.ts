import { globalSlot, slotKey } from '../model/labels.ts';
import type { Board } from './board.ts';
import { admits } from './constraint.ts';
import type { PlacedService } from './placed-service.ts';
import { inSharingOrder } from './sharing-order.ts';
import { serviceKey, slotOf, type Slot } from './slot.ts';

/** The slots of all services, in turns: those that share something come after those on whose hosts they are to be. */
export function listSlots(board: Board): readonly (readonly Slot[])[] {
  return inSharingOrder(board.input.services).map((services) =>
    services
      .toSorted((a, b) => (serviceKey(a) < serviceKey(b) ? -1 : 1))
      .flatMap((placed) => slotNames(board, placed).map((slot) => slotOf(placed, slot))),
  );
}

function slotNames(board: Board, placed: PlacedService): readonly string[] {
  const { mode, replicas } = placed.service;
  if (mode === 'global') return globalSlots(board, placed);
  return Array.from({ length: replicas }, (_, index) => String(index + 1));
}

/** One per eligible host; a host that cannot be seen keeps the slot it has. */
function globalSlots(
  { candidates, input }: Board,
  { application, service }: PlacedService,
): readonly string[] {
  const eligible = [...candidates.values()].filter((host) =>
    service.constraints.every((constraint) => admits(host, constraint)),
  );
  const unseen = input.hosts.filter(({ name }) => {
    const key = slotKey({ application, service: service.name, slot: globalSlot(name) });
    return !candidates.has(name) && input.current.has(key);
  });
  return [
    ...eligible.map((host) => globalSlot(host.spec.name)),
    ...unseen.map((host) => globalSlot(host.name)),
  ].toSorted();
}
