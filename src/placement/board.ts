import type { HostName } from '../model/names.ts';
import type { Candidate } from './candidates.ts';
import { candidatesOf } from './candidates.ts';
import type { HostPort } from './host-ports.ts';
import { fixedHostPorts } from './host-ports.ts';
import type { PlacementInput } from './place.ts';
import type { PlacedService } from './placed-service.ts';
import { serviceKey, type Slot } from './slot.ts';

/** The state of one placement: who is where so far. */
export interface Board {
  readonly input: PlacementInput;
  /** The hosts that can be seen, by name and in the order of names. */
  readonly candidates: ReadonlyMap<HostName, Candidate>;
  /** Names of all hosts, seen or not. */
  readonly hosts: ReadonlySet<HostName>;
  readonly services: ReadonlyMap<string, PlacedService>;
  readonly assignments: Map<string, HostName>;
  /** Fixed ports that instances of ours have on a host. */
  readonly ports: Map<HostName, HostPort[]>;
  /** Instances per host: all, of an application, of a service, by `host`, `host app`, `host app service`. */
  readonly counts: Map<string, number>;
}

export function emptyBoard(input: PlacementInput): Board {
  return {
    input,
    candidates: candidatesOf(input.hosts, input.observations),
    hosts: new Set(input.hosts.map(({ name }) => name)),
    services: new Map(input.services.map((placed) => [serviceKey(placed), placed])),
    assignments: new Map(),
    ports: new Map(),
    counts: new Map(),
  };
}

export function assign(board: Board, slot: Slot, host: HostName): void {
  board.assignments.set(slot.key, host);
  for (const key of countKeys(slot, host)) board.counts.set(key, countOf(board, key) + 1);
  const ports = fixedHostPorts(slot.service.container);
  if (ports.length > 0) board.ports.set(host, [...(board.ports.get(host) ?? []), ...ports]);
}

export function countOf({ counts }: Board, key: string): number {
  return counts.get(key) ?? 0;
}

/** Keys of the counts of a host as a whole, of the slot's application, and of its service there. */
export function countKeys(slot: Slot, host: HostName): readonly [string, string, string] {
  const application = `${host} ${slot.application}`;
  return [host, application, `${application} ${slot.service.name}`];
}
