import type { ServiceSpec } from '../model/application.ts';
import { globalSlot, slotKey } from '../model/labels.ts';
import { isHostOf } from '../model/namespace.ts';
import type { HostName } from '../model/names.ts';
import type { Board } from './board.ts';
import { admits } from './constraint.ts';
import { demandOf, serviceKey, type Demand, type Tally } from './demand.ts';
import type { PlacedService } from './placed-service.ts';
import { priorityOf } from './priority.ts';
import { inSharingOrder } from './sharing-order.ts';
import type { Slot } from './slot.ts';

/**
 * The slots of all services, in turns: those that share something come after those on whose hosts they are to be. Within a
 * turn what is more important comes first, and the slots of a service follow each other.
 */
export function listSlots(board: Board): readonly (readonly Slot[])[] {
  const applications = new Map<string, Tally>();
  return inSharingOrder(board.input.services).map((services) =>
    services
      .toSorted((a, b) => priorityOf(b) - priorityOf(a) || (serviceKey(a) < serviceKey(b) ? -1 : 1))
      .flatMap((placed) => slotsOf(board, demandIn(applications, placed))),
  );
}

function demandIn(applications: Map<string, Tally>, placed: PlacedService): Demand {
  const tally = applications.get(placed.application) ?? new Map();
  applications.set(placed.application, tally);
  return demandOf(placed, tally);
}

function slotsOf(board: Board, demand: Demand): readonly Slot[] {
  if (demand.service.mode === 'replicated') {
    return replicaKeys(demand).map((key, index) => ({ demand, slot: String(index + 1), key }));
  }
  const { application, service } = demand;
  return globalSlots(board, demand).map((slot) => ({
    demand,
    slot,
    key: slotKey({ application, service: service.name, slot }),
  }));
}

const knownKeys = new WeakMap<ServiceSpec, readonly string[]>();

/** They are the same each time, and dear to make for tens of thousands of slots. */
function replicaKeys({ application, service }: PlacedService): readonly string[] {
  const known = knownKeys.get(service);
  if (known !== undefined && isOf(application, known)) return known;
  const keys = Array.from({ length: service.replicas }, (_, index) =>
    slotKey({ application, service: service.name, slot: String(index + 1) }),
  );
  knownKeys.set(service, keys);
  return keys;
}

function isOf(application: string, [first]: readonly string[]): boolean {
  return first === undefined || first.startsWith(`${application}/`);
}

/** One per eligible host; a host that cannot be seen, or takes nothing, keeps the slot it has. */
function globalSlots(
  { candidates, input }: Board,
  { application, service, namespace }: PlacedService,
): readonly string[] {
  const hasSlot = (host: HostName): boolean =>
    input.current.has(slotKey({ application, service: service.name, slot: globalSlot(host) }));
  const eligible = [...candidates.values()].filter(
    (host) =>
      (host.closure === null || hasSlot(host.name)) &&
      (namespace === undefined || isHostOf(namespace, host.spec)) &&
      service.constraints.every((constraint) => admits(host, constraint)),
  );
  const unseen = input.hosts.filter(({ name }) => !candidates.has(name) && hasSlot(name));
  return [
    ...eligible.map((host) => globalSlot(host.name)),
    ...unseen.map((host) => globalSlot(host.name)),
  ].toSorted();
}
