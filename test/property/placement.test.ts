import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../src/model/application.ts';
import type { ContainerSpec } from '../../src/model/container.ts';
import type { HostSpec } from '../../src/model/fleet.ts';
import type { HostName } from '../../src/model/names.ts';
import type { PlacementInput } from '../../src/placement/place.ts';
import { place } from '../../src/placement/place.ts';
import type { Eviction } from '../../src/placement/eviction.ts';
import { priorityOf } from '../../src/placement/priority.ts';
import { rebalance } from '../../src/placement/rebalance.ts';
import type { PlacedService } from '../../src/placement/placed-service.ts';
import {
  aConstraint,
  aHost,
  anUnreachableHost,
  aReachableHost,
  aService,
} from '../support/builders.ts';

const cpus = 2e9;

const fleets: fc.Arbitrary<readonly HostSpec[]> = fc
  .array(
    fc.record({
      zone: fc.constantFrom('a', 'b', ''),
      capacity: fc.constantFrom(0, 1e9, cpus, 4e9),
      reserve: fc.constantFrom(0, 5e8),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((hosts) =>
    hosts.map(({ zone, capacity, reserve }, index) =>
      aHost(`host-${index + 1}`, {
        labels: zone === '' ? {} : { zone },
        capacity: { nanoCpus: capacity },
        reserve: { nanoCpus: reserve },
      }),
    ),
  );

const ports = [{ target: 8080, protocol: 'tcp', hostIp: '', published: '80' }] as const;

function reservingMemory(memoryReservationBytes: number): Pick<ContainerSpec, 'resources'> {
  const unbound = { memoryBytes: null, nanoCpus: null, pids: null };
  return { resources: { ...unbound, memoryReservationBytes } };
}

const service: fc.Arbitrary<ServiceSpec> = fc
  .record({
    replicas: fc.nat(6),
    mode: fc.constantFrom('replicated' as const, 'replicated' as const, 'global' as const),
    reservedNanoCpus: fc.constantFrom(0, 3e8, 1e9),
    maxPerHost: fc.constantFrom(1, 2, 9),
    priority: fc.constantFrom(100, 500, 900),
    spread: fc.subarray(['node.labels.zone']),
    constraints: fc.subarray([aConstraint('node.labels.zone == a')]),
    container: fc.constantFrom(
      {},
      {},
      { ports },
      reservingMemory(2 ** 28),
      reservingMemory(2 ** 29),
    ),
  })
  .map((facts) => aService(facts));

const services: fc.Arbitrary<readonly PlacedService[]> = fc
  .uniqueArray(fc.constantFrom('blog/web', 'shop/api', 'shop/db', 'shop/web'), { minLength: 1 })
  .chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), service))))
  .map((list) =>
    list.map(([key, spec]) => {
      const [application = '', name = ''] = key.split('/');
      return { application, service: { ...spec, name } };
    }),
  );

function inputOf(
  hosts: readonly HostSpec[],
  list: readonly PlacedService[],
  current: ReadonlyMap<string, HostName> = new Map(),
): PlacementInput {
  return {
    services: list,
    hosts,
    observations: new Map(hosts.map(({ name }) => [name, aReachableHost(name)])),
    current,
    avoided: new Map(),
    abandoned: new Set(),
  };
}

/** Slots that have another host than before. */
function moved(
  before: ReadonlyMap<string, HostName>,
  after: ReadonlyMap<string, HostName>,
): readonly string[] {
  return [...before].filter(([key, host]) => after.get(key) !== host).map(([key]) => key);
}

/** Any placement that was made before with other services: what is there now need not fit any more. */
const histories = fc.tuple(fleets, services, services);

describe('a placement', () => {
  it('is the same whatever the order of its inputs', () => {
    fc.assert(
      fc.property(histories, ([hosts, earlier, list]) => {
        const { assignments: current } = place(inputOf(hosts, earlier));
        const input = inputOf(hosts, list, current);
        const reversed: PlacementInput = {
          services: list.toReversed(),
          hosts: hosts.toReversed(),
          observations: new Map([...input.observations].toReversed()),
          current: new Map([...current].toReversed()),
          avoided: new Map(),
          abandoned: new Set(),
        };

        const [one, other] = [place(input), place(reversed)];

        expect(Object.fromEntries(other.assignments)).toEqual(Object.fromEntries(one.assignments));
        expect(other.unplaced).toEqual(one.unplaced);
      }),
    );
  });

  it('gives no host more than it has room for, nor more of a service than is allowed', () => {
    fc.assert(
      fc.property(histories, ([hosts, earlier, list]) => {
        const { assignments: current } = place(inputOf(hosts, earlier));

        const { assignments } = place(inputOf(hosts, list, current));

        for (const { name, capacity, reserve } of hosts) {
          let reserved = 0;
          for (const { application, service: spec } of list) {
            const prefix = `${application}/${spec.name}/`;
            const here = [...assignments].filter(
              ([key, host]) => host === name && key.startsWith(prefix),
            ).length;
            reserved += here * (spec.reservedNanoCpus ?? 0);
            expect(here).toBeLessThanOrEqual(spec.maxPerHost ?? Infinity);
          }
          const room = Math.max(0, (capacity?.nanoCpus ?? 0) - (reserve?.nanoCpus ?? 0));
          expect(reserved).toBeLessThanOrEqual(room);
        }
      }),
    );
  });

  it('leaves no slot without a host while one admits it', () => {
    fc.assert(
      fc.property(fleets, services, (hosts, list) => {
        const first = place(inputOf(hosts, list));
        const again = place(inputOf(hosts, list, first.assignments));

        expect(again.unplaced.map(({ service, slot }) => `${service}/${slot}`)).toEqual(
          first.unplaced.map(({ service, slot }) => `${service}/${slot}`),
        );
      }),
    );
  });

  it('moves nothing when it is asked again, or a host is added', () => {
    fc.assert(
      fc.property(fleets, services, (hosts, list) => {
        const { assignments: before } = place(inputOf(hosts, list));
        const more = [...hosts, aHost('host-0', { labels: { zone: 'a' } })];

        expect(moved(before, place(inputOf(hosts, list, before)).assignments)).toEqual([]);
        expect(moved(before, place(inputOf(more, list, before)).assignments)).toEqual([]);
      }),
    );
  });

  it('moves only the slots of a host that is removed, and none of one that cannot be seen', () => {
    fc.assert(
      fc.property(fleets, services, fc.nat(), (hosts, list, which) => {
        const { assignments: before } = place(inputOf(hosts, list));
        const gone = hosts[which % hosts.length];
        const rest = hosts.filter((host) => host !== gone);
        const input = inputOf(hosts, list, before);
        const unseen = new Map(input.observations);
        if (gone !== undefined) unseen.set(gone.name, anUnreachableHost(gone.name));

        const without = place(inputOf(rest, list, before));
        const removed = moved(before, without.assignments).filter(
          (key) => !without.evictions.has(key),
        );
        const hidden = moved(before, place({ ...input, observations: unseen }).assignments);

        expect(removed.filter((key) => before.get(key) !== gone?.name)).toEqual([]);
        expect(hidden).toEqual([]);
      }),
    );
  });
});

describe('an eviction', () => {
  it('leaves nothing without a host whose room something less important has', () => {
    fc.assert(
      fc.property(histories, ([hosts, earlier, list]) => {
        const { assignments: current } = place(inputOf(hosts, earlier));
        const { assignments, unplaced } = place(inputOf(hosts, list, current));
        const asked = slotsOf(list, [...assignments.keys()]);

        for (const { application, service: name, slot } of unplaced) {
          const own = list.find(
            (one) => one.application === application && one.service.name === name,
          );
          if (own === undefined) throw new Error('nobody asked for it');
          for (const host of hosts) {
            const isHere = own.service.mode === 'replicated' || slot === host.name;
            const there = asked.filter(({ key }) => assignments.get(key) === host.name);
            const more = there.filter(({ placed }) => priorityOf(placed) >= priorityOf(own));
            const fits = hasRoom(host, [...more.map(({ placed }) => placed), own]);
            expect(isHere && admitsBut(host, own, there) && fits).toBe(false);
          }
        }
      }),
    );
  });

  it('is of what is strictly less important, and is not taken back when it is asked again', () => {
    fc.assert(
      fc.property(histories, ([hosts, earlier, list]) => {
        const { assignments: current } = place(inputOf(hosts, earlier));
        const first = place(inputOf(hosts, list, current));
        const again = place(inputOf(hosts, list, first.assignments));
        const priorities = new Map(
          slotsOf(list, [...current.keys(), ...first.assignments.keys()]).map(({ key, placed }) => [
            key,
            priorityOf(placed),
          ]),
        );

        for (const [key, { host, by }] of first.evictions) {
          expect(current.get(key)).toBe(host);
          expect(first.assignments.get(by)).toBe(host);
          expect(priorities.get(key)).toBeLessThan(priorities.get(by) ?? 0);
        }
        expect(Object.fromEntries(again.assignments)).toEqual(
          Object.fromEntries(first.assignments),
        );
        expect(again.evictions.size).toBe(0);
      }),
    );
  });

  it('comes to an end, whatever has begun to leave already', () => {
    fc.assert(
      fc.property(histories, ([hosts, earlier, list]) => {
        const { assignments: current } = place(inputOf(hosts, earlier));
        const input = inputOf(hosts, list, current);
        let evicted: ReadonlyMap<string, Eviction> = new Map();
        for (let round = 0; round <= current.size; round += 1) {
          const { evictions } = place({ ...input, evicted });
          const before = evicted.size;
          evicted = new Map([...evicted, ...evictions]);
          if (evicted.size === before) return;
        }
        throw new Error('it goes on and on');
      }),
    );
  });
});

interface AskedSlot {
  readonly key: string;
  readonly placed: PlacedService;
}

/** Slots with the services that ask for them. */
function slotsOf(list: readonly PlacedService[], keys: readonly string[]): readonly AskedSlot[] {
  return list.flatMap((placed) => {
    const prefix = `${placed.application}/${placed.service.name}/`;
    return keys.filter((key) => key.startsWith(prefix)).map((key) => ({ key, placed }));
  });
}

/** Whether slots of these services have room on a host together, whatever else they ask for. */
function hasRoom({ capacity, reserve }: HostSpec, all: readonly PlacedService[]): boolean {
  const cpu = all.reduce((sum, one) => sum + (one.service.reservedNanoCpus ?? 0), 0);
  const memory = all.reduce(
    (sum, one) => sum + (one.service.container.resources.memoryReservationBytes ?? 0),
    0,
  );
  const room = Math.max(0, (capacity?.nanoCpus ?? 0) - (reserve?.nanoCpus ?? 0));
  return cpu <= room && memory <= 2 ** 30;
}

/** Whether a host takes one more slot beside those that are there, if it were large enough. */
function admitsBut(
  { labels }: HostSpec,
  { application, service: own }: PlacedService,
  there: readonly AskedSlot[],
): boolean {
  const same = there.filter(
    ({ placed }) => placed.application === application && placed.service.name === own.name,
  );
  const isPortTaken = there.some(({ placed }) => placed.service.container.ports.length > 0);
  const isInZone = own.constraints.length === 0 || labels['zone'] === 'a';
  const isPortFree = own.container.ports.length === 0 || !isPortTaken;
  return isInZone && isPortFree && same.length < (own.maxPerHost ?? Infinity);
}

describe('a rebalance', () => {
  it('comes to an end however often it is asked for, and puts nothing where it may not be', () => {
    fc.assert(
      fc.property(histories, ([hosts, before, list]) => {
        const start = place(inputOf(hosts, before)).assignments;
        const first = place(inputOf(hosts, list, start)).assignments;
        let current = first;
        for (let round = 0; round < 30; round += 1) {
          const moves = rebalance(inputOf(hosts, list, current), movableOf(list, current), 5);
          if (moves.length === 0) return;
          const asked = new Map(moves.map(({ slot, to }) => [slot, to]));
          const placement = place({ ...inputOf(hosts, list, current), moves: asked });
          const next = placement.assignments;
          // Where one has left, what is more important may find room now, beside what is left.
          const others = moved(current, next).filter((key) => !placement.evictions.has(key));
          expect(others.toSorted()).toEqual([...asked.keys()].toSorted());
          for (const [slot, to] of asked) expect(next.get(slot)).toBe(to);
          expect(place(inputOf(hosts, list, next)).assignments).toEqual(next);
          current = next;
        }
        throw new Error('it goes on and on');
      }),
    );
  });

  it('is the same whatever the order of its inputs', () => {
    fc.assert(
      fc.property(fleets, services, fc.nat(), (hosts, list, most) => {
        const current = place(inputOf(hosts.slice(0, 1), list)).assignments;
        const movable = movableOf(list, current);
        const input = inputOf(hosts, list, current);
        const turned = inputOf(hosts.toReversed(), list.toReversed(), current);

        const moves = rebalance(input, movable, most % 10);

        expect(rebalance(turned, movable, most % 10)).toEqual(moves);
      }),
    );
  });
});

/** Keys of slots of replicated services. */
function movableOf(
  list: readonly PlacedService[],
  current: ReadonlyMap<string, HostName>,
): ReadonlySet<string> {
  const own = list.filter(({ service: { mode } }) => mode === 'replicated');
  const prefixes = own.map(({ application, service: { name } }) => `${application}/${name}/`);
  const isOwn = (key: string): boolean => prefixes.some((prefix) => key.startsWith(prefix));
  return new Set([...current.keys()].filter(isOwn));
}
