import { describe, expect, it } from 'vitest';

import type { HostSpec } from '../../../src/model/fleet.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { HostObservation } from '../../../src/model/observation.ts';
import type { Placement, PlacementInput } from '../../../src/placement/place.ts';
import { place } from '../../../src/placement/place.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  aConstraint,
  aHost,
  anUnreachableHost,
  aReachableHost,
  aService,
} from '../../support/builders.ts';

const key = 'shop/web/1';
const data = { type: 'volume', source: 'shop_data', target: '/data' } as const;
const volume = { ...data, readOnly: false, noCopy: false };

interface Facts extends Partial<PlacementInput> {
  readonly hosts?: readonly HostSpec[];
  readonly unreachable?: readonly string[];
}

/** A service of one slot, which is on host-1 if nothing else is said. */
function placed(service: ServiceFacts, facts: Facts = {}): Placement {
  const { hosts = [aHost('host-1'), aHost('host-2')], unreachable = [] } = facts;
  return place({
    services: [{ application: 'shop', service: aService(service) }],
    hosts,
    observations: new Map(
      hosts.map(({ name }): [typeof name, HostObservation] => [
        name,
        unreachable.includes(name) ? anUnreachableHost(name) : aReachableHost(name),
      ]),
    ),
    current: new Map([[key, toHostName('host-1')]]),
    avoided: new Map(),
    abandoned: new Set(),
    ...facts,
  });
}

const cordoned = [aHost('host-1', { cordon: true }), aHost('host-2')];
const draining = [aHost('host-1', { drain: true }), aHost('host-2')];
const allClosed = [aHost('host-1', { drain: true }), aHost('host-2', { cordon: true })];

describe('place() on a cordoned host', () => {
  it('leaves there what is there', () => {
    expect(placed({}, { hosts: cordoned }).assignments.get(key)).toBe('host-1');
  });

  it('puts nothing new there', () => {
    const { assignments } = placed({ replicas: 4 }, { hosts: cordoned });

    expect([...assignments.values()]).toEqual(['host-1', 'host-2', 'host-2', 'host-2']);
  });

  it('gives no new slot of a global service to it, and keeps the one that it has', () => {
    const global = { mode: 'global' } as const;
    const current = new Map([['shop/web/host-1', toHostName('host-1')]]);

    expect([...placed(global, { hosts: cordoned }).assignments.keys()]).toEqual([
      'shop/web/host-2',
    ]);
    expect([...placed(global, { hosts: cordoned, current }).assignments.keys()]).toEqual([
      'shop/web/host-1',
      'shop/web/host-2',
    ]);
  });

  it('says so when nothing else is left', () => {
    const [unplaced] = placed({}, { hosts: allClosed, current: new Map() }).unplaced;

    expect(unplaced?.explanation).toBe('0 of 2 hosts: 1 cordoned, 1 draining');
  });
});

describe('place() on a draining host', () => {
  it('moves what another host admits', () => {
    const { assignments, staying } = placed({}, { hosts: draining });

    expect(assignments.get(key)).toBe('host-2');
    expect([...staying]).toEqual([]);
  });

  it('moves nothing back when the drain is over', () => {
    const current = placed({}, { hosts: draining }).assignments;

    expect(placed({}, { current }).assignments.get(key)).toBe('host-2');
  });

  it.each<[string, ServiceFacts, string]>([
    ['a named volume', { container: { mounts: [volume] } }, 'its data is there'],
    ['a slot per host', { mode: 'global' }, 'it has a slot on each host'],
    [
      'work that ends',
      { container: { restart: { name: 'no', maximumRetryCount: 0 } } },
      'it runs to its end',
    ],
    [
      'a constraint',
      { constraints: [aConstraint('node.hostname == host-1')] },
      '1 constraint node.hostname == host-1',
    ],
  ])('leaves there what is tied to it by %s, and says so', (_, facts, why) => {
    const slot = facts.mode === 'global' ? 'shop/web/host-1' : key;
    const current = new Map([[slot, toHostName('host-1')]]);
    const { assignments, staying, unplaced } = placed(facts, { hosts: draining, current });

    expect(assignments.get(slot)).toBe('host-1');
    expect(staying.get(slot)).toContain(why);
    expect(unplaced).toEqual([]);
  });

  it('moves what has data there when its manifest says when it is replaced elsewhere', () => {
    const service = { container: { mounts: [volume] }, replaceAfterMs: 60_000 };

    expect(placed(service, { hosts: draining }).assignments.get(key)).toBe('host-2');
  });

  it('leaves what shares something with what stays', () => {
    const shares = { network: 'db' };
    const db = aService({ name: 'db', container: { mounts: [volume] } });
    const web = aService({ container: { shares } });
    const current = new Map([
      [key, toHostName('host-1')],
      ['shop/db/1', toHostName('host-1')],
    ]);
    const services = [web, db].map((service) => ({ application: 'shop', service }));
    const { assignments, staying } = placed({}, { hosts: draining, services, current });

    expect(assignments).toEqual(current);
    expect(staying.get(key)).toBe('service "db" stays');
  });

  it('leaves what it cannot see where it is', () => {
    const facts = { hosts: draining, unreachable: ['host-1'] };

    expect(placed({}, facts).assignments.get(key)).toBe('host-1');
  });
});

describe('place() with slots whose host was given up', () => {
  const abandoned = new Set([key]);
  const unreachable = ['host-1'];

  it('puts them on another host, whatever data they had', () => {
    const service = { container: { mounts: [volume] } };

    expect(placed(service, { abandoned, unreachable }).assignments.get(key)).toBe('host-2');
  });

  it('keeps them there while no other host admits them, and says so', () => {
    const facts = { abandoned, unreachable, hosts: [aHost('host-1'), ...allClosed.slice(1)] };
    const { assignments, staying, unplaced } = placed({}, facts);

    expect(assignments.get(key)).toBe('host-1');
    expect(staying.get(key)).toBe('0 of 2 hosts: 1 cordoned, 1 unreachable');
    expect(unplaced).toEqual([]);
  });

  it('gives nothing to a fenced host', () => {
    const fenced = new Set([toHostName('host-1')]);

    expect(placed({}, { abandoned, fenced }).assignments.get(key)).toBe('host-2');
    expect(placed({}, { current: new Map(), fenced }).assignments.get(key)).toBe('host-2');
  });

  it('gives no host to what is withheld, and says why', () => {
    const withheld = new Map([[key, 'its data may be on a host that was taken out']]);
    const facts = { withheld, current: new Map() };

    expect(placed({}, facts).unplaced[0]?.explanation).toBe(
      'its data may be on a host that was taken out',
    );
  });
});
