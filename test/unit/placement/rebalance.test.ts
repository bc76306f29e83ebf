import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { HostSpec } from '../../../src/model/fleet.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { PlacementInput } from '../../../src/placement/place.ts';
import { place } from '../../../src/placement/place.ts';
import type { Move } from '../../../src/placement/rebalance.ts';
import { rebalance } from '../../../src/placement/rebalance.ts';
import { aConstraint, aHost, aReachableHost, aService } from '../../support/builders.ts';

const gib = 2 ** 30;

/** @param current hosts of the slots 1, 2, … of each service of the application `shop` */
function inputOf(
  services: readonly ServiceSpec[],
  hosts: readonly HostSpec[],
  current: Readonly<Record<string, readonly string[]>>,
): PlacementInput {
  const slots = Object.entries(current).flatMap(([service, names]) =>
    names.map((host, index) => [`shop/${service}/${index + 1}`, toHostName(host)] as const),
  );
  return {
    services: services.map((service) => ({ application: 'shop', service })),
    hosts,
    observations: new Map(hosts.map(({ name }) => [name, aReachableHost(name)])),
    current: new Map(slots),
    avoided: new Map(),
    abandoned: new Set(),
  };
}

function evened(input: PlacementInput, most = 10, movable = input.current.keys()): readonly Move[] {
  return rebalance(input, new Set(movable), most);
}

const two = [aHost('host-1'), aHost('host-2')];
const web = (replicas: number, facts: Partial<ServiceSpec> = {}): ServiceSpec =>
  aService({ replicas, ...facts });

describe('rebalance()', () => {
  it('moves to an empty host, the highest slot first, and says why', () => {
    const input = inputOf([web(4)], two, { web: ['host-1', 'host-1', 'host-1', 'host-1'] });

    expect(evened(input)).toEqual([
      {
        slot: 'shop/web/4',
        from: 'host-1',
        to: 'host-2',
        why: 'host-1 has 4 slots of shop/web, host-2 has 0',
      },
      {
        slot: 'shop/web/3',
        from: 'host-1',
        to: 'host-2',
        why: 'host-1 has 3 slots of shop/web, host-2 has 1',
      },
    ]);
  });

  it.each([1, 2, 3])('moves at most %d', (most) => {
    const input = inputOf([web(8)], two, { web: Array.from({ length: 8 }, () => 'host-1') });

    expect(evened(input, most)).toHaveLength(most);
  });

  it('moves nothing for a difference of one', () => {
    const input = inputOf([web(3)], two, { web: ['host-1', 'host-1', 'host-2'] });

    expect(evened(input)).toEqual([]);
  });

  it('moves only what may', () => {
    const input = inputOf([web(4)], two, { web: ['host-1', 'host-1', 'host-1', 'host-1'] });

    expect(evened(input, 10, ['shop/web/2'].values()).map(({ slot }) => slot)).toEqual([
      'shop/web/2',
    ]);
  });

  it.each<[string, Partial<HostSpec>]>([
    ['cordoned', { cordon: true }],
    ['draining', { drain: true }],
    ['excluded by a constraint', { labels: { disk: 'slow' } }],
  ])('gives nothing to a host that is %s', (_, facts) => {
    const constraints = [aConstraint('node.labels.disk != slow')];
    const hosts = [aHost('host-1'), aHost('host-2', facts)];
    const input = inputOf([web(4, { constraints })], hosts, { web: Array(4).fill('host-1') });

    expect(evened(input)).toEqual([]);
  });

  it('takes from a cordoned host', () => {
    const hosts = [aHost('host-1', { cordon: true }), aHost('host-2')];
    const input = inputOf([web(4)], hosts, { web: Array(4).fill('host-1') });

    expect(evened(input)).toHaveLength(2);
  });

  it('evens out a label before hosts', () => {
    const hosts = [
      aHost('a1', { labels: { zone: 'a' } }),
      aHost('a2', { labels: { zone: 'a' } }),
      aHost('b1', { labels: { zone: 'b' } }),
    ];
    const spread = ['node.labels.zone'];
    const input = inputOf([web(4, { spread })], hosts, { web: ['a1', 'a1', 'a2', 'b1'] });

    expect(evened(input)).toEqual([
      {
        slot: 'shop/web/2',
        from: 'a1',
        to: 'b1',
        why: 'node.labels.zone a has 3 slots of shop/web, b has 1',
      },
    ]);
  });

  it('evens out an application where its services are even', () => {
    const services = ['api', 'job', 'web'].map((name) => web(1, { name }));
    const current = { api: ['host-1'], job: ['host-1'], web: ['host-1'] };

    expect(evened(inputOf(services, two, current))).toMatchObject([
      { to: 'host-2', why: 'host-1 has 3 slots of shop, host-2 has 0' },
    ]);
  });

  it('relieves the host of which most is reserved', () => {
    const big = web(1, { name: 'big', reservedNanoCpus: 1.5e9 });
    const small = web(1, { name: 'small', reservedNanoCpus: 4e8 });
    const none = web(1, { name: 'none' });
    const input = inputOf([big, small, none], two, {
      big: ['host-1'],
      small: ['host-1'],
      none: ['host-2'],
    });

    expect(evened(input)).toMatchObject([
      {
        slot: 'shop/small/1',
        to: 'host-2',
        why: '100 % of host-1 is reserved, 20 % of host-2 with it',
      },
    ]);
  });

  it('exceeds no host', () => {
    const container = { resources: memory(gib / 2) };
    const hosts = [aHost('host-1', { capacity: { memoryBytes: 8 * gib } }), aHost('host-2')];
    const service = aService({ replicas: 8, container });
    const input = inputOf([service], hosts, { web: Array(8).fill('host-1') });

    expect(evened(input)).toHaveLength(2);
  });

  it('leaves a placement after which nothing moves', () => {
    const services = ['api', 'job', 'web'].map((name) => web(3, { name }));
    const hosts = [...two, aHost('host-3')];
    const everywhere = Array.from({ length: 3 }, () => 'host-1');
    const input = inputOf(services, hosts, { api: everywhere, job: everywhere, web: everywhere });

    const moves = evened(input, 100);
    const current = new Map(input.current);
    for (const { slot, to } of moves) current.set(slot, to);

    expect(moves).toHaveLength(6);
    expect(evened({ ...input, current }, 100, current.keys())).toEqual([]);
  });
});

describe('place() with a move that was asked for', () => {
  const input = inputOf([web(2)], two, { web: ['host-1', 'host-1'] });
  const moves = new Map([['shop/web/1', toHostName('host-2')]]);

  it('gives the slot that host', () => {
    expect(place({ ...input, moves }).assignments.get('shop/web/1')).toBe('host-2');
  });

  it.each<[string, Partial<HostSpec>]>([
    ['takes nothing', { cordon: true }],
    ['has too little left', { capacity: { nanoCpus: 1e8 } }],
  ])('leaves it where it is when that host %s', (_, facts) => {
    const services = [{ application: 'shop', service: web(2, { reservedNanoCpus: 2e8 }) }];
    const hosts = [aHost('host-1'), aHost('host-2', facts)];

    const { assignments } = place({ ...input, services, hosts, moves });

    expect(assignments.get('shop/web/1')).toBe('host-1');
  });

  it('takes no place from what stays there', () => {
    const service = web(1, { reservedNanoCpus: 1.5e9 });
    const other = { ...service, name: 'api' };
    const both = inputOf([service, other], two, { api: ['host-1'], web: ['host-2'] });
    const onto = new Map([['shop/api/1', toHostName('host-2')]]);

    const { assignments } = place({ ...both, moves: onto });

    expect(Object.fromEntries(assignments)).toEqual({
      'shop/api/1': 'host-1',
      'shop/web/1': 'host-2',
    });
  });
});

function memory(bytes: number): ServiceSpec['container']['resources'] {
  return { memoryBytes: null, memoryReservationBytes: bytes, nanoCpus: null, pids: null };
}
