import { describe, expect, it } from 'vitest';

import type { NamespaceSpec } from '../../../src/model/namespace.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { Placement } from '../../../src/placement/place.ts';
import { place } from '../../../src/placement/place.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aHost, aReachableHost, aService, origin } from '../../support/builders.ts';

const hosts = [
  aHost('host-1', { labels: { team: 'a', disk: 'fast' } }),
  aHost('host-2', { labels: { team: 'a' } }),
  aHost('host-3', { labels: { team: 'b' } }),
];

/** A service in the namespace `prod`, whose first slot is on host-1. */
function placed(own: NamespaceSpec['hosts'], facts: ServiceFacts = {}): Placement {
  const restricted = own === undefined ? {} : { hosts: own };
  const namespace = { name: 'prod', quota: {}, origin, ...restricted };
  return place({
    services: [{ application: 'shop', service: aService(facts), namespace }],
    hosts,
    observations: new Map(hosts.map(({ name }) => [name, aReachableHost(name)])),
    current: new Map([['shop/web/1', toHostName('host-1')]]),
    avoided: new Map(),
    abandoned: new Set(),
  });
}

describe('place() with the hosts of a namespace', () => {
  it.each<[string, NamespaceSpec['hosts'], readonly string[]]>([
    ['names', ['host-1', 'host-3'], ['host-1', 'host-1', 'host-3', 'host-3']],
    ['labels, all of them', { team: 'a', disk: 'fast' }, Array(4).fill('host-1')],
    ['none, which are all', undefined, ['host-1', 'host-2', 'host-3']],
  ])('by %s', (_, own, expected) => {
    const { assignments } = placed(own, { replicas: 4 });

    expect([...assignments.values()].toSorted()).toEqual(expect.arrayContaining([...expected]));
    expect(new Set(assignments.values())).toEqual(new Set(expected));
  });

  it('drives away what is on another one', () => {
    expect(placed(['host-2']).assignments.get('shop/web/1')).toBe('host-2');
  });

  it('says what they exclude', () => {
    const { unplaced } = placed({ team: 'c' });

    expect(unplaced[0]?.explanation).toBe('0 of 3 hosts: 3 not of namespace prod');
  });

  it('gives a global service a slot on each of them', () => {
    const { assignments, unplaced } = placed({ team: 'a' }, { mode: 'global' });

    expect([...assignments.values()].toSorted()).toEqual(['host-1', 'host-2']);
    expect(unplaced).toEqual([]);
  });
});
