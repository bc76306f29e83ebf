import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { HostSpec } from '../../../src/model/fleet.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { ReachableHost } from '../../../src/model/observation.ts';
import { place } from '../../../src/placement/place.ts';
import type { PlacedService } from '../../../src/placement/placed-service.ts';
import { aHost, aReachableHost, aService } from '../../support/builders.ts';

const gib = 2 ** 30;

interface Facts {
  readonly current?: Readonly<Record<string, string>>;
  readonly seen?: Readonly<Record<string, Partial<ReachableHost>>>;
}

/** Where each slot comes, by slot key. */
function placed(
  services: readonly (ServiceSpec | PlacedService)[],
  hosts: readonly HostSpec[],
  { current = {}, seen = {} }: Facts = {},
): Readonly<Record<string, string>> {
  const { assignments } = place({
    services: services.map((each) =>
      'service' in each ? each : { application: 'shop', service: each },
    ),
    hosts,
    observations: new Map(hosts.map(({ name }) => [name, aReachableHost(name, seen[name])])),
    current: new Map(Object.entries(current).map(([key, host]) => [key, toHostName(host)])),
    avoided: new Map(),
    abandoned: new Set(),
  });
  return Object.fromEntries(assignments);
}

function zoned(name: string, zone: string, rack = ''): HostSpec {
  return aHost(name, { labels: { zone, ...(rack === '' ? {} : { rack }) } });
}

/** How many slots are on hosts with each value of a label. */
function countBy(
  assignments: Readonly<Record<string, string>>,
  hosts: readonly HostSpec[],
  label: string,
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const host of Object.values(assignments)) {
    const value = hosts.find(({ name }) => name === host)?.labels[label] ?? '';
    counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
}

const byZone = ['node.labels.zone'];

describe('place() with spread preferences', () => {
  const lopsided = [zoned('a1', 'a'), zoned('a2', 'a'), zoned('a3', 'a'), zoned('b1', 'b')];

  it('spreads over the values of a label before hosts', () => {
    const result = placed([aService({ replicas: 6, spread: byZone })], lopsided);

    expect(countBy(result, lopsided, 'zone')).toEqual({ a: 3, b: 3 });
    expect(new Set(Object.values(result))).toEqual(new Set(['a1', 'a2', 'a3', 'b1']));
  });

  it('takes hosts without the label as one group', () => {
    const hosts = [zoned('a1', 'a'), aHost('x1'), aHost('x2'), aHost('x3')];

    const result = placed([aService({ replicas: 6, spread: byZone })], hosts);

    expect(countBy(result, hosts, 'zone')).toEqual({ a: 3, '': 3 });
  });

  it('nests preferences', () => {
    const hosts = [
      zoned('a1', 'a', 'r1'),
      zoned('a2', 'a', 'r1'),
      zoned('a3', 'a', 'r2'),
      zoned('b1', 'b', 'r1'),
    ];
    const spread = ['node.labels.zone', 'node.labels.rack'];

    const result = placed([aService({ replicas: 8, spread })], hosts);

    expect(countBy(result, hosts, 'zone')).toEqual({ a: 4, b: 4 });
    const inA = Object.values(result).filter((host) => host.startsWith('a'));
    expect(inA.toSorted()).toEqual(['a1', 'a2', 'a3', 'a3']);
  });

  it('fills up where few are, and moves none that are there', () => {
    const current = { 'shop/web/1': 'a1', 'shop/web/2': 'a2', 'shop/web/3': 'a3' };

    const result = placed([aService({ replicas: 5, spread: byZone })], lopsided, { current });

    expect(result).toEqual({ ...current, 'shop/web/4': 'b1', 'shop/web/5': 'b1' });
  });

  it('goes to another group when one has no room', () => {
    const result = placed([aService({ replicas: 4, spread: byZone, maxPerHost: 1 })], lopsided);

    expect(countBy(result, lopsided, 'zone')).toEqual({ a: 3, b: 1 });
  });

  it('counts what is on a host that takes nothing more', () => {
    const current = { 'shop/web/1': 'b1' };
    const hosts = [zoned('a1', 'a'), zoned('b1', 'b'), zoned('b2', 'b')];
    const web = aService({ replicas: 2, spread: byZone, maxPerHost: 1 });

    expect(placed([web], hosts, { current })['shop/web/2']).toBe('a1');
  });
});

/** A service of another application. */
function there(facts: Partial<ServiceSpec>): PlacedService {
  return { application: 'other', service: aService({ name: 'old', ...facts }) };
}

describe('place() among hosts that admit a slot', () => {
  const two = [aHost('host-1'), aHost('host-2')];
  it('prefers the one of which less is reserved, however many slots it has', () => {
    const small = { name: 'small', replicas: 3, reservedNanoCpus: 1e8 };
    const big = { name: 'big', reservedNanoCpus: 1.5e9 };
    const current = {
      'other/small/1': 'host-1',
      'other/small/2': 'host-1',
      'other/small/3': 'host-1',
      'other/big/1': 'host-2',
    };

    for (const name of ['a', 'b', 'c']) {
      const result = placed([there(small), there(big), aService({ name })], two, { current });
      expect(result[`shop/${name}/1`]).toBe('host-1');
    }
  });

  it('counts the scarcer of CPUs and memory', () => {
    const limits = { memoryBytes: null, nanoCpus: null, pids: null };
    const memory = aService({
      name: 'memory',
      container: { resources: { ...limits, memoryReservationBytes: 0.75 * gib } },
    });
    const current = { 'other/memory/1': 'host-1', 'other/cpus/1': 'host-2' };
    const services = [
      { application: 'other', service: memory },
      there({ name: 'cpus', reservedNanoCpus: 1e9 }),
    ];

    for (const name of ['a', 'b', 'c']) {
      const result = placed([...services, aService({ name })], two, { current });
      expect(result[`shop/${name}/1`]).toBe('host-2');
    }
  });

  it('prefers the one that has the image to one that is like it, but not to an emptier one', () => {
    for (const bare of ['host-1', 'host-2']) {
      const other = bare === 'host-1' ? 'host-2' : 'host-1';
      const seen = { [bare]: { images: [] } };

      expect(placed([aService()], two, { seen })['shop/web/1']).toBe(other);
      const current = { 'other/old/1': other };
      const result = placed([there({}), aService()], two, { seen, current });
      expect(result['shop/web/1']).toBe(bare);
    }
  });

  it('fills hosts that are alike in another order for each service', () => {
    const hosts = Array.from({ length: 50 }, (_, index) => aHost(`host-${index}`));
    const services = Array.from({ length: 50 }, (_, index) => `web-${index}`);

    const first = services.map((name) => placed([aService({ name })], hosts)[`shop/${name}/1`]);

    expect(new Set(first).size).toBeGreaterThan(25);
  });
});
