import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { HostSpec } from '../../../src/model/fleet.ts';
import type { HostName } from '../../../src/model/names.ts';
import type { HostObservation } from '../../../src/model/observation.ts';
import type { Placement, PlacementInput } from '../../../src/placement/place.ts';
import { place } from '../../../src/placement/place.ts';
import {
  aConstraint,
  aForeignContainer,
  aHost,
  anUnreachableHost,
  aReachableHost,
  aService,
} from '../../support/builders.ts';

const three = [aHost('host-1'), aHost('host-2'), aHost('host-3')];
const port80 = [{ target: 8080, protocol: 'tcp', hostIp: '', published: '80' }] as const;

interface Facts {
  readonly hosts?: readonly HostSpec[];
  readonly current?: Pick<Placement, 'assignments'>;
  readonly abandoned?: ReadonlySet<string>;
  /** Observations that are not those of an empty host. */
  readonly seen?: readonly HostObservation[];
}

function inputOf(services: readonly ServiceSpec[], facts: Facts = {}): PlacementInput {
  const { hosts = three, seen = [] } = facts;
  const observations = new Map<HostName, HostObservation>(
    hosts.map(({ name }) => [name, aReachableHost(name)]),
  );
  for (const observation of seen) observations.set(observation.host, observation);
  return {
    services: services.map((service) => ({ application: 'shop', service })),
    hosts,
    observations,
    current: facts.current?.assignments ?? new Map(),
    avoided: new Map(),
    abandoned: facts.abandoned ?? new Set(),
  };
}

function placed(services: readonly ServiceSpec[], facts: Facts = {}): Placement {
  return place(inputOf(services, facts));
}

function hostsOf({ assignments }: Placement): readonly string[] {
  return [...assignments.values()].toSorted();
}

function asObject({ assignments }: Placement): Record<string, string> {
  return Object.fromEntries(assignments);
}

describe('place()', () => {
  it('spreads the slots of a service over the hosts', () => {
    expect(hostsOf(placed([aService({ replicas: 3 })]))).toEqual(['host-1', 'host-2', 'host-3']);
    expect(hostsOf(placed([aService({ replicas: 4 })], { hosts: three.slice(0, 2) }))).toEqual([
      'host-1',
      'host-1',
      'host-2',
      'host-2',
    ]);
  });

  it('keeps the services of one application apart while there are hosts', () => {
    const services = ['a', 'b', 'c'].map((name) => aService({ name }));

    expect(hostsOf(placed(services))).toEqual(['host-1', 'host-2', 'host-3']);
  });

  it('moves nothing when a host is added', () => {
    const service = aService({ replicas: 5 });
    const before = placed([service], { hosts: three.slice(0, 1) });

    expect(asObject(placed([service], { current: before }))).toEqual(asObject(before));
  });

  it('gives only new slots to a host that was added', () => {
    const before = placed([aService({ replicas: 2 })], { hosts: three.slice(0, 2) });

    const after = placed([aService({ replicas: 3 })], { current: before });

    expect(asObject(after)).toEqual({ ...asObject(before), 'shop/web/3': 'host-3' });
  });

  it('moves only the slots of a host that is taken out of the fleet', () => {
    const service = aService({ replicas: 3 });
    const before = asObject(placed([service]));

    const after = asObject(
      placed([service], { hosts: three.slice(0, 2), current: placed([service]) }),
    );

    const moved = Object.keys(before).filter((key) => before[key] !== after[key]);
    expect(moved.map((key) => before[key])).toEqual(['host-3']);
  });

  it('moves only the slots that a lost label excludes', () => {
    const service = aService({
      replicas: 3,
      constraints: [aConstraint('node.labels.zone == a')],
    });
    const zoned = three.map((host) => ({ ...host, labels: { zone: 'a' } }));
    const before = placed([service], { hosts: zoned });

    const unlabelled = zoned.map((host, index) => (index === 1 ? { ...host, labels: {} } : host));
    const after = placed([service], { hosts: unlabelled, current: before });

    const kept = Object.entries(asObject(before)).filter(([, host]) => host !== 'host-2');
    expect(kept).toHaveLength(2);
    expect(asObject(after)).toMatchObject(Object.fromEntries(kept));
    expect(hostsOf(after)).not.toContain('host-2');
    expect(after.unplaced).toEqual([]);
  });

  it('gives no two slots one host port, and says why the last has no host', () => {
    const service = aService({ replicas: 4, container: { ports: port80 } });

    const result = placed([service]);

    expect(hostsOf(result)).toEqual(['host-1', 'host-2', 'host-3']);
    expect(result.unplaced).toEqual([
      {
        application: 'shop',
        service: 'web',
        slot: '4',
        explanation: '0 of 3 hosts: 3 port 80 taken by another instance',
      },
    ]);
  });

  it('keeps away from a host port that a foreign container has', () => {
    const foreign = aReachableHost('host-1', { unmanaged: [aForeignContainer('nginx', [80])] });
    const service = aService({ replicas: 3, container: { ports: port80 } });

    const result = placed([service], { seen: [foreign] });

    expect(hostsOf(result)).toEqual(['host-2', 'host-3']);
    expect(result.unplaced.map(({ explanation }) => explanation)).toEqual([
      '0 of 3 hosts: 2 port 80 taken by another instance, 1 port 80 in use by "nginx" (unmanaged)',
    ]);
  });

  it('shows the effect of each constraint and of what cannot be seen', () => {
    const constraints = ['node.labels.zone == x', 'node.hostname != host-1'].map(aConstraint);

    const result = placed([aService({ constraints })], { seen: [anUnreachableHost('host-3')] });

    expect(result.unplaced.map(({ explanation }) => explanation)).toEqual([
      '0 of 3 hosts: 2 constraint node.labels.zone == x, 1 constraint node.hostname != host-1, 1 unreachable',
    ]);
  });

  it('leaves slots on a host that cannot be seen, and gives it no new ones', () => {
    const before = placed([aService({ replicas: 3 })]);
    const seen = [anUnreachableHost('host-2')];

    const after = placed([aService({ replicas: 6 })], { current: before, seen });

    expect(asObject(after)).toMatchObject(asObject(before));
    expect(hostsOf(after).filter((host) => host === 'host-2')).toHaveLength(1);
  });

  it('gives a global service one slot on each eligible host', () => {
    const hosts = [...three, aHost('host-4', { labels: { edge: 'no' } })];
    const constraints = [aConstraint('node.labels.edge != no')];

    const result = placed([aService({ mode: 'global', constraints })], { hosts });

    expect(asObject(result)).toEqual({
      'shop/web/host-1': 'host-1',
      'shop/web/host-2': 'host-2',
      'shop/web/host-3': 'host-3',
    });
  });

  it('keeps the global slot of a host that cannot be seen, and makes none there', () => {
    const service = aService({ mode: 'global' });
    const before = placed([service], { hosts: three.slice(0, 2) });
    const seen = [anUnreachableHost('host-2'), anUnreachableHost('host-3')];

    const after = placed([service], { current: before, seen });

    expect(hostsOf(after)).toEqual(['host-1', 'host-2']);
    expect(after.unplaced).toEqual([]);
  });

  it('does not drive a slot away from a host on which a stranger has taken its port', () => {
    const service = aService({ replicas: 3, container: { ports: port80 } });
    const before = placed([service]);
    const foreign = aReachableHost('host-1', { unmanaged: [aForeignContainer('nginx', [80])] });

    const after = placed([service], { current: before, seen: [foreign] });

    expect(asObject(after)).toEqual(asObject(before));
  });
});

describe('place() as a law', () => {
  const fleets = fc
    .integer({ min: 1, max: 6 })
    .map((size) =>
      Array.from({ length: size }, (_, index) =>
        aHost(`host-${index + 1}`, { labels: { zone: index % 2 === 0 ? 'a' : 'b' } }),
      ),
    );
  const services = fc
    .uniqueArray(fc.constantFrom('api', 'db', 'jobs', 'web'), { minLength: 1 })
    .chain((names) =>
      fc.tuple(
        ...names.map((name) =>
          fc.record({
            name: fc.constant(name),
            replicas: fc.nat(5),
            mode: fc.constantFrom('replicated' as const, 'global' as const),
            constraints: fc.subarray([aConstraint('node.labels.zone == a')]),
            container: fc.constantFrom({}, { ports: port80 }),
          }),
        ),
      ),
    )
    .map((list) => list.map((facts) => aService(facts)));

  it('does not depend on the order of its inputs', () => {
    fc.assert(
      fc.property(fleets, services, (hosts, list) => {
        const input = inputOf(list, { hosts });
        const reversed = {
          services: input.services.toReversed(),
          hosts: hosts.toReversed(),
          observations: new Map([...input.observations].toReversed()),
          current: input.current,
          avoided: input.avoided,
          abandoned: input.abandoned,
        };

        expect(asObject(place(reversed))).toEqual(asObject(place(input)));
        expect(place(reversed).unplaced).toEqual(place(input).unplaced);
      }),
    );
  });

  it('moves nothing when it is asked again, or a host is added', () => {
    fc.assert(
      fc.property(fleets, services, (hosts, list) => {
        const before = placed(list, { hosts });
        const more = [...hosts, aHost('host-0', { labels: { zone: 'a' } })];

        expect(asObject(placed(list, { hosts, current: before }))).toEqual(asObject(before));
        const after = placed(list, { hosts: more, current: before });
        expect(asObject(after)).toMatchObject(asObject(before));
      }),
    );
  });

  it('balances a service to within one instance', () => {
    fc.assert(
      fc.property(fleets, fc.nat(20), (hosts, replicas) => {
        const used = hostsOf(placed([aService({ replicas })], { hosts }));
        const counts = hosts.map(({ name }) => used.filter((host) => host === name).length);

        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
