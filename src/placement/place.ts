import type { HostSpec } from '../model/fleet.ts';
import type { HostName } from '../model/names.ts';
import type { HostObservation } from '../model/observation.ts';
import type { Eviction } from './eviction.ts';
import { fillBoard } from './fill-board.ts';
import type { PlacedService } from './placed-service.ts';

export interface PlacementInput {
  readonly services: readonly PlacedService[];
  readonly hosts: readonly HostSpec[];
  readonly observations: ReadonlyMap<HostName, HostObservation>;
  /** Where each slot is now, by slot key: from the hosts, and for an unreachable host from the journal. */
  readonly current: ReadonlyMap<string, HostName>;
  /** Hosts on which a slot has failed, by slot key: it goes elsewhere as long as there is another one. */
  readonly avoided: ReadonlyMap<string, ReadonlySet<HostName>>;
  /** Keys of slots whose present host was given up: they are not kept there as long as another one admits them. */
  readonly abandoned: ReadonlySet<string>;
  /** Hosts that take nothing before somebody says so; absent: none. */
  readonly fenced?: ReadonlySet<HostName>;
  /** Keys of slots that are given no host, with the reason; absent: none. */
  readonly withheld?: ReadonlyMap<string, string>;
  /** Hosts that somebody asked to move slots to, by slot key; absent: none. */
  readonly moves?: ReadonlyMap<string, HostName>;
  /** Keys of slots of which nothing is left where they were last: what is there goes before them; absent: none. */
  readonly vacant?: ReadonlySet<string>;
  /** Slots that have begun to make room for others, or have made it, by slot key; absent: none. */
  readonly evicted?: ReadonlyMap<string, Eviction>;
  /** Applications whose slots neither make room nor are made any; absent: none. */
  readonly suspended?: ReadonlySet<string>;
  /** Applications for whose slots no room is made; absent: none. */
  readonly halted?: ReadonlySet<string>;
}

export interface Placement {
  /** By slot key. A slot on a host that cannot be seen stays there. */
  readonly assignments: ReadonlyMap<string, HostName>;
  readonly unplaced: readonly UnplacedSlot[];
  /** Slots that were to leave their host and stay there, by slot key, with the reason. */
  readonly staying: ReadonlyMap<string, string>;
  /** Slots that leave the host that they are on so that others have room there, by slot key. */
  readonly evictions: ReadonlyMap<string, Eviction>;
  /** Keys of slots that were given a host when others were to leave it: before, there may be no room for them. */
  readonly latecomers: ReadonlySet<string>;
}

export interface UnplacedSlot {
  readonly application: string;
  readonly service: string;
  readonly slot: string;
  /** `0 of 3 hosts: 3 constraint node.labels.zone == x`. */
  readonly explanation: string;
  /** The host that it had, and for whom it made room there; absent: it did not. */
  readonly madeRoom?: { readonly host: HostName; readonly forWhom: string };
}

/**
 * Gives every slot of every service a host. What has a host that still admits it stays; the rest goes where the service,
 * then the application, then the host as a whole has the fewest instances, and ties are broken by rendezvous hashing. What finds
 * no room has that of less important slots. The result depends on no order of its inputs.
 */
export function place(input: PlacementInput): Placement {
  const { board, unplaced } = fillBoard(input);
  const { assignments, staying, evictions, latecomers } = board;
  return { assignments, unplaced, staying, evictions, latecomers };
}
