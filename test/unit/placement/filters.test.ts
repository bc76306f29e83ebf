import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { HostSpec } from '../../../src/model/fleet.ts';
import type { ObservedVolume, ReachableHost } from '../../../src/model/observation.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { Placement } from '../../../src/placement/place.ts';
import { place } from '../../../src/placement/place.ts';
import { aHost, aReachableHost, aService, type ServiceFacts } from '../../support/builders.ts';

const gib = 2 ** 30;
const names = ['host-1', 'host-2', 'host-3'];

interface Facts {
  /** By name. */
  readonly hosts?: Readonly<Record<string, Partial<HostSpec>>>;
  readonly seen?: Readonly<Record<string, Partial<ReachableHost>>>;
  /** Slot 1, 2, … of the first service. */
  readonly current?: readonly string[];
}

/** Three hosts, each with 2 CPUs and 1 GiB unless it is said otherwise. */
function placed(services: readonly ServiceSpec[], facts: Facts = {}): Placement {
  const { hosts = {}, seen = {}, current = [] } = facts;
  const first = services[0]?.name ?? '';
  return place({
    services: services.map((service) => ({
      application: 'shop',
      service,
      externalNetworks: service.container.networks.map(({ network }) => network),
    })),
    hosts: names.map((name) => aHost(name, hosts[name])),
    observations: new Map(
      names.map((name) => [toHostName(name), aReachableHost(name, seen[name])]),
    ),
    current: new Map(
      current.map((host, index) => [`shop/${first}/${index + 1}`, toHostName(host)]),
    ),
    avoided: new Map(),
    abandoned: new Set(),
  });
}

function hostsOf({ assignments }: Placement): readonly string[] {
  return [...assignments.values()].toSorted();
}

function reserving(facts: ServiceFacts, memoryBytes: number | null, cpus?: number): ServiceSpec {
  const limits = { memoryBytes: null, nanoCpus: null, pids: null };
  return aService({
    ...facts,
    ...(cpus === undefined ? {} : { reservedNanoCpus: cpus * 1e9 }),
    container: { resources: { ...limits, memoryReservationBytes: memoryBytes } },
  });
}

function explanations({ unplaced }: Placement): readonly string[] {
  return unplaced.map(({ slot, explanation }) => `${slot}: ${explanation}`);
}

describe('place() with reservations', () => {
  it('gives a host no more than its engine says that it has', () => {
    const result = placed([reserving({ replicas: 4 }, 0.75 * gib)]);

    expect(hostsOf(result)).toEqual(names);
    expect(explanations(result)).toEqual(['4: 0 of 3 hosts: 3 need 768 MiB, at most 256 MiB left']);
  });

  it('counts CPUs likewise, and what other services reserve', () => {
    const services = [
      reserving({ name: 'a', replicas: 3 }, null, 1.5),
      reserving({ name: 'b' }, null, 1),
      reserving({ name: 'c' }, null, 0.5),
    ];

    const result = placed(services);

    expect(result.assignments.has('shop/b/1')).toBe(false);
    expect(result.assignments.has('shop/c/1')).toBe(true);
    expect(explanations(result)).toEqual(['1: 0 of 3 hosts: 3 need 1 CPU, at most 0.5 left']);
  });

  it('believes fleet.yaml rather than the engine, less what is kept for others', () => {
    const hosts = {
      'host-1': { capacity: { memoryBytes: 4 * gib }, reserve: { memoryBytes: gib } },
      'host-2': { reserve: { memoryBytes: 2 * gib } },
      'host-3': { capacity: { memoryBytes: 0 } },
    };

    const result = placed([reserving({ replicas: 4 }, gib)], { hosts });

    expect(hostsOf(result)).toEqual(['host-1', 'host-1', 'host-1']);
    expect(explanations(result)).toEqual(['4: 0 of 3 hosts: 3 need 1 GiB, at most 0 B left']);
  });

  it('places what reserves nothing on a host that has nothing left', () => {
    const hosts = Object.fromEntries(names.map((name) => [name, { capacity: { nanoCpus: 0 } }]));

    expect(placed([aService({ replicas: 3 })], { hosts }).unplaced).toEqual([]);
  });

  it('reserves nothing for a job, which soon ends', () => {
    const job = reserving({ replicas: 4, job: { when: 'before' } }, gib);

    expect(placed([job, reserving({ name: 'last', replicas: 3 }, gib)]).unplaced).toEqual([]);
  });

  it('moves what no longer fits where it is, the highest slots first', () => {
    const current = ['host-1', 'host-1', 'host-1'];

    const { assignments } = placed([reserving({ replicas: 3 }, gib / 2)], { current });

    expect(assignments.get('shop/web/1')).toBe('host-1');
    expect(assignments.get('shop/web/2')).toBe('host-1');
    expect(assignments.get('shop/web/3')).not.toBe('host-1');
  });
});

describe('place() with a bound per host', () => {
  it('gives no host more slots of a service', () => {
    const result = placed([aService({ replicas: 7, maxPerHost: 2 })]);

    expect(hostsOf(result)).toEqual(names.flatMap((name) => [name, name]));
    expect(explanations(result)).toEqual(['7: 0 of 3 hosts: 3 full (max_replicas_per_node: 2)']);
  });

  it('moves what is beyond a bound that was lowered', () => {
    const current = ['host-1', 'host-1', 'host-1'];

    const result = placed([aService({ replicas: 3, maxPerHost: 1 })], { current });

    expect(hostsOf(result)).toEqual(names);
    expect(result.assignments.get('shop/web/1')).toBe('host-1');
  });
});

/** With several replicas the first is on host-1 already. */
function whereIs(service: ServiceSpec, seen: NonNullable<Facts['seen']>): readonly string[] {
  const current = service.replicas === 1 ? [] : ['host-1'];
  return hostsOf(placed([service], { seen, current }));
}

describe('place() with data on a host', () => {
  const labels = { 'fleetwright.fleet': 'test', 'fleetwright.app': 'shop' };
  const volume: ObservedVolume = { name: 'shop_data', driver: 'local', labels };
  const mounts = [
    { type: 'volume', source: 'shop_data', target: '/data', readOnly: false, noCopy: false },
  ] as const;
  const db = aService({ container: { mounts } });
  const others = aService({ name: 'other', replicas: 2 });

  it('gives a slot the host that has its volume, however full that is', () => {
    for (const name of names) {
      expect(whereIs(db, { [name]: { volumes: [volume] } })).toEqual([name]);
    }
    const seen = { 'host-3': { volumes: [volume] } };
    expect(placed([others, db], { seen }).assignments.get('shop/web/1')).toBe('host-3');
  });

  it('says so when that host does not admit it', () => {
    const huge = { ...db, reservedNanoCpus: 9e9 };
    const seen = { 'host-2': { volumes: [volume] } };

    const result = placed([huge], { seen, current: ['host-2'] });

    expect(explanations(result)).toEqual([
      '1: 0 of 3 hosts: 3 need 9 CPUs, at most 2 left, 2 volume "shop_data" is on host "host-2"',
    ]);
  });

  it.each<[string, Partial<ObservedVolume>]>([
    ['is not ours', { labels: {} }],
    ['is of another application', { labels: { ...labels, 'fleetwright.app': 'blog' } }],
    ['has another driver', { driver: 'rexray' }],
    ['is on a file server', { options: { type: 'nfs' } }],
  ])('does not mind a volume that %s', (_name, facts) => {
    const free = whereIs(db, {});
    const elsewhere = names.find((name) => name !== free[0]) ?? '';

    expect(whereIs(db, { [elsewhere]: { volumes: [{ ...volume, ...facts }] } })).toEqual(free);
  });

  it('does not choose among several hosts that have it', () => {
    const all = Object.fromEntries(names.map((name) => [name, { volumes: [volume] }]));

    expect(whereIs(db, all)).toEqual(whereIs(db, {}));
  });

  it('spreads the slots of a service over hosts all the same', () => {
    const three = aService({ replicas: 3, container: { mounts } });

    expect(whereIs(three, { 'host-1': { volumes: [volume] } })).toEqual(names);
  });
});

describe('place() with external networks', () => {
  const web = aService({
    replicas: 2,
    maxPerHost: 1,
    container: { networks: [{ network: 'proxy', aliases: [] }] },
  });
  const proxy = { id: 'n1', name: 'proxy', driver: 'bridge', internal: false, labels: {} };
  const onOne = { 'host-2': { networks: [proxy] } };

  it('gives a slot a host that has them', () => {
    const result = placed([web], { seen: onOne });

    expect(hostsOf(result)).toEqual(['host-2']);
    expect(explanations(result)).toEqual([
      '2: 0 of 3 hosts: 2 no external network "proxy", 1 full (max_replicas_per_node: 1)',
    ]);
  });

  it('does not look for one that no host has, nor move what is there', () => {
    expect(placed([web]).unplaced).toEqual([]);
    const current = ['host-1'];
    expect(hostsOf(placed([web], { seen: onOne, current }))).toEqual(['host-1', 'host-2']);
  });
});
