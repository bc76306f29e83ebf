import type { HostName } from '../model/names.ts';
import type { Candidate } from './candidates.ts';
import { candidatesOf } from './candidates.ts';
import type { Eviction } from './eviction.ts';
import { addLoad, takeLoad } from './host-load.ts';
import { hostTies } from './host-ties.ts';
import type { PlacementInput } from './place.ts';
import type { PlacedService } from './placed-service.ts';
import { serviceKey } from './demand.ts';
import type { Slot } from './slot.ts';

/** The state of one placement: who is where so far. */
export interface Board {
  readonly input: PlacementInput;
  /** The hosts that can be seen, by name and in the order of names. */
  readonly candidates: ReadonlyMap<HostName, Candidate>;
  /** Names of all hosts, seen or not. */
  readonly hosts: ReadonlySet<HostName>;
  readonly services: ReadonlyMap<string, PlacedService>;
  /** Why instances of services do not move by themselves, by `application/service`. */
  readonly hostTies: ReadonlyMap<string, string>;
  readonly assignments: Map<string, HostName>;
  /** Slots that were to leave their host and stay there, by slot key, with the reason. */
  readonly staying: Map<string, string>;
  /** Slots that leave the host that they are on so that others have room there, by slot key. */
  readonly evictions: Map<string, Eviction>;
  /** Keys of slots that were given a host when others were to leave it: before, there may be no room for them. */
  readonly latecomers: Set<string>;
}

export function emptyBoard(input: PlacementInput): Board {
  return {
    input,
    candidates: candidatesOf(input),
    hosts: new Set(input.hosts.map(({ name }) => name)),
    services: new Map(input.services.map((placed) => [serviceKey(placed), placed])),
    hostTies: hostTies(input.services),
    assignments: new Map(),
    staying: new Map(),
    evictions: new Map(),
    latecomers: new Set(),
  };
}

export function assign(board: Board, slot: Slot, host: HostName): void {
  const { assignments, candidates, latecomers } = board;
  assignments.set(slot.key, host);
  const candidate = candidates.get(host);
  if (candidate === undefined) return;
  const { demand } = slot;
  if (takesRoom(slot, host) && isLeft(board, host)) latecomers.add(slot.key);
  addLoad(candidate.load, demand.needs(host));
  demand.slots.set(host, (demand.slots.get(host) ?? 0) + 1);
  demand.neighbours.set(host, (demand.neighbours.get(host) ?? 0) + 1);
}

/** Takes back what `assign` did. */
export function unassign(board: Board, slot: Slot, host: HostName): void {
  const { assignments, candidates, latecomers } = board;
  assignments.delete(slot.key);
  latecomers.delete(slot.key);
  const candidate = candidates.get(host);
  if (candidate === undefined) return;
  const { demand } = slot;
  takeLoad(candidate.load, demand.needs(host));
  demand.slots.set(host, (demand.slots.get(host) ?? 0) - 1);
  demand.neighbours.set(host, (demand.neighbours.get(host) ?? 0) - 1);
}

function takesRoom({ demand }: Slot, host: HostName): boolean {
  const { nanoCpus, memoryBytes } = demand.needs(host).reservation;
  return nanoCpus > 0 || memoryBytes > 0;
}

/** Something is to leave the host. */
function isLeft({ evictions }: Board, host: HostName): boolean {
  return evictions.size > 0 && [...evictions.values()].some((eviction) => eviction.host === host);
}
