import { sha256 } from '../model/digest.ts';
import type { HostSpec } from '../model/fleet.ts';
import { globalSlot, slotKey } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import { neighbours, sharedSlot } from '../model/shared-slot.ts';
import type { HostObservation, ReachableHost } from '../model/observation.ts';
import type { CandidateHost } from './constraint.ts';
import { admits } from './constraint.ts';
import type { Exclusion } from './explain.ts';
import { explain } from './explain.ts';
import type { HostPort } from './host-ports.ts';
import { collides, fixedHostPorts, foreignHolder } from './host-ports.ts';
import type { PlacedService } from './placed-service.ts';
import { inSharingOrder } from './sharing-order.ts';

export interface PlacementInput {
  readonly services: readonly PlacedService[];
  readonly hosts: readonly HostSpec[];
  readonly observations: ReadonlyMap<HostName, HostObservation>;
  /** Where each slot is now, by slot key: from the hosts, and for an unreachable host from the journal. */
  readonly current: ReadonlyMap<string, HostName>;
  /** Hosts on which a slot has failed, by slot key: it goes elsewhere as long as there is another one. */
  readonly avoided: ReadonlyMap<string, ReadonlySet<HostName>>;
}

export interface Placement {
  /** By slot key. A slot on a host that cannot be seen stays there. */
  readonly assignments: ReadonlyMap<string, HostName>;
  readonly unplaced: readonly UnplacedSlot[];
}

export interface UnplacedSlot {
  readonly application: string;
  readonly service: string;
  readonly slot: string;
  /** `0 of 3 hosts: node.labels.zone == x excludes 3`. */
  readonly explanation: string;
}

interface Slot extends PlacedService {
  readonly slot: string;
  readonly key: string;
}

/**
 * Gives every slot of every service a host. What has a host that still admits it stays; the rest goes where the service,
 * then the application, then the host as a whole has the fewest instances, and ties are broken by rendezvous hashing. The
 * result depends on no order of its inputs.
 */
export function place(input: PlacementInput): Placement {
  const board = new Board(input);
  const unplaced: UnplacedSlot[] = [];
  for (const slots of board.slots()) {
    const moving = slots.filter((slot) => !board.keep(slot));
    for (const slot of moving) {
      const refused = board.settle(slot);
      if (refused !== null) unplaced.push(refused);
    }
  }
  return { assignments: board.assignments, unplaced };
}

/** The state of one placement: who is where so far. */
class Board {
  readonly assignments = new Map<string, HostName>();
  readonly #input: PlacementInput;
  readonly #candidates: readonly (CandidateHost & { readonly observation: ReachableHost })[];
  readonly #services: ReadonlyMap<string, PlacedService>;
  readonly #ports = new Map<HostName, HostPort[]>();
  /** Instances per host: all, of an application, of a service, by `host`, `host app`, `host app service`. */
  readonly #counts = new Map<string, number>();

  constructor(input: PlacementInput) {
    this.#input = input;
    this.#services = new Map(input.services.map((placed) => [serviceKey(placed), placed]));
    this.#candidates = input.hosts
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((spec) => {
        const observation = input.observations.get(spec.name);
        return observation?.kind === 'reachable'
          ? [{ spec, engine: observation.engine, observation }]
          : [];
      });
  }

  /** Those that share something with others after the others, whose hosts they are to be on. */
  slots(): readonly (readonly Slot[])[] {
    return inSharingOrder(this.#input.services).map((services) =>
      services
        .toSorted((a, b) => (serviceKey(a) < serviceKey(b) ? -1 : 1))
        .flatMap((placed) => this.#slotsOf(placed)),
    );
  }

  #slotsOf(placed: PlacedService): readonly Slot[] {
    const { application, service } = placed;
    const names =
      service.mode === 'global'
        ? this.#globalSlots(placed)
        : Array.from({ length: service.replicas }, (_, index) => String(index + 1));
    return names.map((slot) => ({
      ...placed,
      slot,
      key: slotKey({ application, service: service.name, slot }),
    }));
  }

  /** One per eligible host; a host that cannot be seen keeps the slot it has. */
  #globalSlots({ application, service }: PlacedService): readonly string[] {
    const eligible = this.#candidates.filter((host) =>
      service.constraints.every((constraint) => admits(host, constraint)),
    );
    const unseen = this.#input.hosts.filter((host) => {
      const key = slotKey({ application, service: service.name, slot: globalSlot(host.name) });
      return !this.#isReachable(host.name) && this.#input.current.has(key);
    });
    return [
      ...eligible.map((host) => globalSlot(host.spec.name)),
      ...unseen.map((host) => globalSlot(host.name)),
    ].toSorted();
  }

  /** Leaves a slot where it is, if it may stay there. */
  keep(slot: Slot): boolean {
    const current =
      slot.service.mode === 'global' ? (slot.slot as HostName) : this.#input.current.get(slot.key);
    if (current === undefined) return false;
    const known = this.#input.hosts.some((host) => host.name === current);
    if (!known) return false;
    const host = this.#candidates.find((candidate) => candidate.spec.name === current);
    if (host === undefined) {
      this.#assign(slot, current);
      return true;
    }
    if (!this.#mayStay(slot, host)) return false;
    if (this.#isAvoided(slot, current) && this.#hasAnother(slot)) return false;
    this.#assign(slot, current);
    return true;
  }

  #isAvoided(slot: Slot, host: HostName): boolean {
    return this.#input.avoided.get(slot.key)?.has(host) === true;
  }

  /** Some host admits the slot on which it has not failed. */
  #hasAnother(slot: Slot): boolean {
    return this.#candidates.some(
      (host) =>
        !this.#isAvoided(slot, host.spec.name) && this.#exclusionsOf(slot, host).length === 0,
    );
  }

  /**
   * A stranger on its port does not drive a slot away: its volume may be here, and the trouble is said instead. Another
   * instance of ours on its port does, since one of the two can go elsewhere.
   */
  #mayStay(slot: Slot, host: CandidateHost): boolean {
    const isAdmitted = slot.service.constraints.every((constraint) => admits(host, constraint));
    // A hook that has run has done so, wherever its service goes now.
    const isHook = slot.service.job?.of !== undefined;
    if (!isHook && this.#strayFrom(slot, host).length > 0) return false;
    return isAdmitted && this.#ownClash(slot, host) === undefined;
  }

  /** Gives a slot the best host, or says why there is none. */
  settle(slot: Slot): UnplacedSlot | null {
    const only = slot.service.mode === 'global' ? slot.slot : null;
    const exclusions: Exclusion[] = this.#input.hosts
      .filter((host) => !this.#isReachable(host.name))
      .map((host) => ({ host: host.name, reason: 'unreachable' }));
    const eligible: CandidateHost[] = [];
    for (const host of this.#candidates) {
      if (only !== null && host.spec.name !== only) continue;
      const excluded = this.#exclusionsOf(slot, host);
      if (excluded.length === 0) eligible.push(host);
      exclusions.push(...excluded.map((reason) => ({ host: host.spec.name, reason })));
    }
    const best = eligible.toSorted((a, b) => this.#compare(slot, a, b))[0];
    if (best !== undefined) {
      this.#assign(slot, best.spec.name);
      return null;
    }
    return {
      application: slot.application,
      service: slot.service.name,
      slot: slot.slot,
      explanation: explain(this.#input.hosts.length, exclusions),
    };
  }

  #exclusionsOf(
    slot: Slot,
    host: CandidateHost & { readonly observation: ReachableHost },
  ): readonly string[] {
    const constraints = slot.service.constraints
      .filter((constraint) => !admits(host, constraint))
      .map((constraint) => constraint.text);
    return [...constraints, ...this.#strayFrom(slot, host), ...this.#portExclusions(slot, host)];
  }

  /** What it is to be near and is not on this host. */
  #strayFrom({ application, service, slot }: Slot, host: CandidateHost): readonly string[] {
    return neighbours(service).flatMap((name) => {
      const shared = this.#services.get(`${application}/${name}`);
      if (shared === undefined) return [];
      const key = slotKey({ application, service: name, slot: sharedSlot(shared.service, slot) });
      const there = this.assignments.get(key);
      // A hook of a service that has no such slot may be anywhere.
      const isFree = there === undefined && service.job?.of === name;
      if (there === host.spec.name || isFree) return [];
      return [`service "${name}" is ${there === undefined ? 'nowhere' : `on host "${there}"`}`];
    });
  }

  #portExclusions(
    slot: Slot,
    host: CandidateHost & { readonly observation: ReachableHost },
  ): readonly string[] {
    const wanted = fixedHostPorts(slot.service.container);
    if (wanted.length === 0) return [];
    const foreign = foreignHolder(wanted, host.observation.unmanaged);
    if (foreign !== null) {
      return [`port ${foreign.port.port} in use by "${foreign.container}" (unmanaged)`];
    }
    const clash = this.#ownClash(slot, host);
    return clash === undefined ? [] : [`port ${clash.port} taken by another instance`];
  }

  /** A port that another instance of ours has on a host already. */
  #ownClash(slot: Slot, host: CandidateHost): HostPort | undefined {
    const taken = this.#ports.get(host.spec.name) ?? [];
    const wanted = fixedHostPorts(slot.service.container);
    return wanted.find((port) => taken.some((other) => collides(port, other)));
  }

  #assign(slot: Slot, host: HostName): void {
    this.assignments.set(slot.key, host);
    for (const key of countKeys(slot, host)) this.#counts.set(key, this.#count(key) + 1);
    const ports = fixedHostPorts(slot.service.container);
    this.#ports.set(host, [...(this.#ports.get(host) ?? []), ...ports]);
  }

  #compare(slot: Slot, a: CandidateHost, b: CandidateHost): number {
    const left = this.#score(slot, a);
    const right = this.#score(slot, b);
    for (const [index, value] of left.entries()) {
      const other = right[index] ?? 0;
      if (value !== other) return value - other;
    }
    // Rendezvous hashing; dear, and only for ties.
    return rank(slot, a) < rank(slot, b) ? -1 : 1;
  }

  /** Smaller is better, first difference decides. */
  #score(slot: Slot, host: CandidateHost): readonly number[] {
    const [total, application, service] = countKeys(slot, host.spec.name);
    return [
      this.#isAvoided(slot, host.spec.name) ? 1 : 0,
      this.#count(service),
      this.#count(application),
      this.#count(total),
    ];
  }

  #count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  #isReachable(host: HostName): boolean {
    return this.#input.observations.get(host)?.kind === 'reachable';
  }
}

function rank(slot: Slot, host: CandidateHost): string {
  return sha256(`${slot.key}@${host.spec.name}`);
}

function countKeys(slot: Slot, host: HostName): readonly [string, string, string] {
  const application = `${host} ${slot.application}`;
  return [host, application, `${application} ${slot.service.name}`];
}

function serviceKey(placed: PlacedService): string {
  return `${placed.application}/${placed.service.name}`;
}
