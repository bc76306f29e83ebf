import type { ServiceSpec } from '../model/application.ts';
import { globalSlot, slotKey } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import { hostTies } from '../placement/host-ties.ts';
import type { PlacedService } from '../placement/placed-service.ts';
import type { FleetStanding, HostStanding } from './host-standing.ts';
import { fencedAt } from './host-standing.ts';
import type { World } from './world.ts';

/** What becomes of a slot whose host is away, fenced, or not in fleet.yaml any more. */
export interface Departure {
  readonly host: HostName;
  /** When it is given up there, in milliseconds since the epoch; null: it is not. */
  readonly at: number | null;
  /** Why it stays there, in words; empty when it does not. */
  readonly why: string;
}

/**
 * By slot key, what becomes of the slots whose host cannot be counted on. "Cannot be reached" is not "is down": what was
 * promoted there most likely serves on. So what bears no second instance, or has its data there, waits for a person.
 *
 * @param current where each slot is now, by slot key
 */
export function departuresOf(
  world: World,
  standing: FleetStanding,
  services: readonly PlacedService[],
  current: ReadonlyMap<string, HostName>,
): ReadonlyMap<string, Departure> {
  const hosts = new Map(standing.hosts.map((host) => [host.host, host]));
  const isAllHere = standing.hosts.every(
    ({ awaySince, isFenced }) => awaySince === null && !isFenced,
  );
  const isAllKnown = [...current.values()].every((host) => hosts.has(host));
  if (isAllHere && isAllKnown) return new Map();
  const ties = hostTies(services);
  const departures = new Map<string, Departure>();
  for (const placed of services) {
    const tie = ties.get(`${placed.application}/${placed.service.name}`) ?? null;
    for (const key of slotKeysOf(placed, world)) {
      const host = current.get(key);
      if (host === undefined) continue;
      const known = hosts.get(host);
      const departure =
        known === undefined
          ? fromForeignHost(world, placed.service, tie, host)
          : fromKnownHost(world, placed.service, tie, known, standing.isolation);
      if (departure !== null) departures.set(key, departure);
    }
  }
  return departures;
}

/** Keys of the slots that are given up where they are. */
export function abandonedSlots(
  { now }: World,
  departures: ReadonlyMap<string, Departure>,
): ReadonlySet<string> {
  return new Set(
    [...departures].filter(([, { at }]) => at !== null && at <= now).map(([key]) => key),
  );
}

/** When the next slot is given up where it is, in milliseconds since the epoch; null: none is. */
export function nextDeparture(
  { now }: World,
  departures: ReadonlyMap<string, Departure>,
): number | null {
  const times = [...departures.values()].flatMap(({ at }) => (at !== null && at > now ? [at] : []));
  return times.length === 0 ? null : Math.min(...times);
}

/** What may run on a host that is not in fleet.yaml any more, and must not run twice or begin without its data. */
export function withheldSlots(
  { desired }: World,
  departures: ReadonlyMap<string, Departure>,
): ReadonlyMap<string, string> {
  const known = new Set(desired.fleet.hosts.map(({ name }) => name));
  return new Map(
    [...departures]
      .filter(([, { host, at }]) => at === null && !known.has(host))
      .map(([key, { host, why }]) => [
        key,
        `it was on host "${host}", which was taken out of fleet.yaml before it was drained, and ${why}; put the host back and drain it, or say "fleetwright fence ${host}" to have it made anew elsewhere`,
      ]),
  );
}

function slotKeysOf({ application, service }: PlacedService, world: World): readonly string[] {
  const slots =
    service.mode === 'global'
      ? world.desired.fleet.hosts.map(({ name }) => globalSlot(name))
      : Array.from({ length: service.replicas }, (_, index) => String(index + 1));
  return slots.map((slot) => slotKey({ application, service: service.name, slot }));
}

function fromKnownHost(
  world: World,
  service: ServiceSpec,
  tie: string | null,
  { host, awaySince, givenUpFrom, isFenced }: HostStanding,
  isolation: string | null,
): Departure | null {
  if (awaySince === null && !isFenced) return null;
  if (tie !== null) return { host, at: null, why: tie };
  const fenced = fencedAt(world, host);
  // A person knows what no operator can: that nothing runs there any more.
  if (fenced !== null) return { host, at: fenced, why: '' };
  if (isolation !== null) return { host, at: null, why: isolated(isolation) };
  if (service.replaceAfterMs === null) {
    return { host, at: null, why: `its replaceAfter is never${askForFence(host)}` };
  }
  if (service.singleton && service.replaceAfterMs === undefined) {
    return { host, at: null, why: `it is a singleton and may run there still${askForFence(host)}` };
  }
  if (givenUpFrom === null || awaySince === null) {
    return { host, at: null, why: 'it is not certain that the host is away' };
  }
  const from = Math.max(awaySince, world.watchingSince) + (service.replaceAfterMs ?? 0);
  return { host, at: Math.max(givenUpFrom, from), why: '' };
}

function askForFence(host: HostName): string {
  return `; when the host is down for good, say "fleetwright fence ${host}"`;
}

export function isolated(isolation: string): string {
  return `${isolation}: the operator itself may be cut off, and nothing is replaced`;
}

/** It was taken out of fleet.yaml without a drain: what runs there is left alone, and serves on. */
function fromForeignHost(
  world: World,
  service: ServiceSpec,
  tie: string | null,
  host: HostName,
): Departure {
  const fenced = fencedAt(world, host);
  if (fenced !== null) return { host, at: fenced, why: '' };
  const isFree = tie === null && service.replaceAfterMs !== null;
  const isAlone = service.singleton && service.replaceAfterMs === undefined;
  if (isFree && !isAlone) return { host, at: world.now, why: '' };
  const why = tie ?? (isAlone ? 'it is a singleton' : 'its replaceAfter is never');
  return { host, at: null, why };
}
