import { describe, expect, it } from 'vitest';

import type { Dependency } from '../../../src/model/application.ts';
import type { HostSpec } from '../../../src/model/fleet.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { Placement, PlacementInput } from '../../../src/placement/place.ts';
import { place } from '../../../src/placement/place.ts';
import type { PlacedService } from '../../../src/placement/placed-service.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  aConstraint,
  aForeignContainer,
  aHost,
  anUnreachableHost,
  aReachableHost,
  aService,
} from '../../support/builders.ts';

/** Services by name, with the host of each that runs; hosts have 4 CPUs. */
type Asked = Readonly<Record<string, readonly [ServiceFacts, (string | null)?]>>;

function inputOf(
  asked: Asked,
  hosts: readonly string[] | readonly HostSpec[] = ['host-1'],
): PlacementInput {
  const specs = hosts.map((host) =>
    typeof host === 'string' ? aHost(host, { capacity: { nanoCpus: 4e9 } }) : host,
  );
  return {
    services: Object.entries(asked).map(([name, [facts]]): PlacedService => {
      const service = aService({ name, ...facts });
      return { application: 'shop', service };
    }),
    hosts: specs,
    observations: new Map(specs.map(({ name }) => [name, aReachableHost(name)])),
    current: new Map(
      Object.entries(asked).flatMap(([name, [facts, host = null]]) => {
        const slot = facts.mode === 'global' ? host : '1';
        return host === null ? [] : [[`shop/${name}/${slot}`, toHostName(host)] as const];
      }),
    ),
    avoided: new Map(),
    abandoned: new Set(),
  };
}

function needs(cpus: number, priority?: number, more: ServiceFacts = {}): ServiceFacts {
  return { reservedNanoCpus: cpus * 1e9, ...(priority === undefined ? {} : { priority }), ...more };
}

function dependency(service: string): Dependency {
  return { service, condition: 'healthy', required: true };
}

/** Names of services that make room, and those that have no host. */
function outcome({ evictions, unplaced }: Placement): [readonly string[], readonly string[]] {
  const evicted = [...evictions.keys()].map((key) => key.split('/')[1] ?? '');
  return [evicted.toSorted(), unplaced.map(({ service }) => service).toSorted()];
}

const data = {
  type: 'volume',
  source: 'data',
  target: '/d',
  readOnly: false,
  noCopy: false,
} as const;
const port = { target: 80, protocol: 'tcp', hostIp: '', published: '80' } as const;

describe('place() where what is more important finds no room', () => {
  it('gives it the room of what is less important, which says so', () => {
    const { unplaced, assignments, evictions } = place(
      inputOf({ low: [needs(3, 10), 'host-1'], top: [needs(3, 100)] }),
    );

    expect(assignments.get('shop/top/1')).toBe('host-1');
    expect([...evictions]).toEqual([['shop/low/1', { host: 'host-1', by: 'shop/top/1' }]]);
    expect(unplaced).toEqual([
      {
        application: 'shop',
        service: 'low',
        slot: '1',
        explanation:
          'made room for shop/top (priority 100 above 10): 0 of 1 host: 1 needs 3 CPUs, 1 left',
        madeRoom: { host: 'host-1', forWhom: 'shop/top (priority 100 above 10)' },
      },
    ]);
  });

  it('names the namespace of whom room was made for', () => {
    const input = inputOf({ low: [needs(3, 10), 'host-1'], top: [needs(3)] });
    const services = input.services.map((placed) => ({ ...placed, namespaceName: 'prod' }));

    expect(place({ ...input, services }).unplaced[0]?.explanation).toMatch(
      /^made room for prod\/shop\/top \(priority 500 above 10\): /,
    );
  });

  it.each<[string, Asked, readonly string[]]>([
    [
      'the least important, though one that is more important would do alone',
      { a: [needs(1, 10), 'host-1'], b: [needs(1, 10), 'host-1'], c: [needs(2, 50), 'host-1'] },
      ['a', 'b'],
    ],
    [
      'one large rather than several small of equals',
      { a: [needs(1, 10), 'host-1'], b: [needs(1, 10), 'host-1'], c: [needs(2, 10), 'host-1'] },
      ['c'],
    ],
    [
      'the smallest of equals that will do',
      { a: [needs(1.6, 10), 'host-1'], b: [needs(1.5, 10), 'host-1'] },
      ['b'],
    ],
    [
      'the more important too when the others are not enough, and none of those that need not',
      { a: [needs(1, 10), 'host-1'], b: [needs(2.5, 50), 'host-1'], c: [needs(0.5, 20), 'host-1'] },
      ['b'],
    ],
  ])('takes the room of %s', (_, running, evicted) => {
    const wanted = { top: [needs(2, 100)] } as const;
    // What reserves nothing is never in the way.
    const free = { free: [needs(0, 10), 'host-1'] } as const;

    const placement = place(inputOf({ ...running, ...free, ...wanted }));

    expect(outcome(placement)).toEqual([evicted, evicted]);
  });

  it.each<[string, Asked, string]>([
    [
      'the least important leave',
      { a: [needs(3, 50), 'host-1'], b: [needs(3, 10), 'host-2'] },
      'host-2',
    ],
    [
      'fewer leave',
      {
        a: [needs(1, 10), 'host-1'],
        b: [needs(1, 10), 'host-1'],
        c: [needs(1, 10), 'host-1'],
        d: [needs(3, 10), 'host-2'],
      },
      'host-2',
    ],
    [
      'what leaves takes less',
      { a: [needs(4, 10), 'host-1'], b: [needs(3, 10), 'host-2'] },
      'host-2',
    ],
  ])('goes to the host where %s', (_, running, host) => {
    const input = inputOf({ ...running, top: [needs(2.5, 100)] }, ['host-1', 'host-2']);

    expect(place(input).assignments.get('shop/top/1')).toBe(host);
  });

  it('moves what makes room to a host that admits it, and gives it the room of what is less important still', () => {
    const input = inputOf(
      {
        top: [needs(3, 100, { constraints: [aConstraint('node.hostname == host-1')] })],
        middle: [needs(3, 50), 'host-1'],
        low: [needs(3, 10), 'host-2'],
      },
      ['host-1', 'host-2'],
    );
    const placement = place(input);

    expect(outcome(placement)).toEqual([['low', 'middle'], ['low']]);
    expect(placement.assignments.get('shop/middle/1')).toBe('host-2');
    expect(placement.evictions.get('shop/low/1')?.by).toBe('shop/middle/1');
  });

  it.each<[string, ServiceFacts, ServiceFacts]>([
    ['what is as important', needs(3, 100), needs(3, 100)],
    ['what says nothing for what says 500', needs(3), needs(3, 500)],
    ['what would not make it fit', needs(3, 10), needs(5, 100)],
    [
      'a port',
      needs(1, 10, { container: { ports: [port] } }),
      needs(1, 100, { container: { ports: [port] } }),
    ],
    ['what has its data there', needs(3, 10, { container: { mounts: [data] } }), needs(3, 100)],
    [
      'what runs to its end',
      needs(3, 10, { container: { restart: { name: 'no', maximumRetryCount: 0 } } }),
      needs(3, 100),
    ],
    [
      'what no host admits anyway',
      needs(3, 10),
      needs(3, 100, { constraints: [aConstraint('node.labels.a == b')] }),
    ],
  ])('takes nothing from %s', (_, low, top) => {
    const placement = place(inputOf({ low: [low, 'host-1'], top: [top] }));

    expect(outcome(placement)).toEqual([[], ['top']]);
    expect(placement.assignments.get('shop/low/1')).toBe('host-1');
  });

  it('takes no room for more of a service than may be on a host', () => {
    const facts = needs(1, 100, { replicas: 2, maxPerHost: 1 });
    const placement = place(inputOf({ low: [needs(3, 10), 'host-1'], top: [facts, 'host-1'] }));

    expect(outcome(placement)).toEqual([[], ['top']]);
  });

  it('leaves what shares something where it is', () => {
    const shares = { network: 'low' };
    const placement = place(
      inputOf({
        low: [needs(3, 10), 'host-1'],
        side: [needs(0, 10, { container: { shares } }), 'host-1'],
        top: [needs(3, 100)],
      }),
    );

    expect(outcome(placement)).toEqual([[], ['top']]);
  });

  it.each<[string, readonly [ServiceFacts, ServiceFacts]]>([
    ['it depends on', [{ dependsOn: [dependency('low')] }, {}]],
    [
      'it depends on through others',
      [{ dependsOn: [dependency('middle')] }, { dependsOn: [dependency('low')] }],
    ],
    [
      'is depended on by what it shares with',
      [{ container: { shares: { network: 'middle' } } }, { dependsOn: [dependency('low')] }],
    ],
  ])('takes no room from what %s', (_, [top, middle]) => {
    const asked = {
      low: [needs(3, 10), 'host-1'],
      middle: [needs(0, 100, middle), 'host-1'],
      top: [needs(3, 100, top)],
    } as const;

    expect(outcome(place(inputOf(asked)))).toEqual([[], ['top']]);
  });

  it('moves what makes room to no host where what it depends on would make room for it', () => {
    const input = inputOf(
      {
        top: [needs(3, 100, { constraints: [aConstraint('node.hostname == host-1')] })],
        middle: [needs(3, 50, { dependsOn: [dependency('low')] }), 'host-1'],
        low: [needs(3, 10), 'host-2'],
      },
      ['host-1', 'host-2'],
    );

    expect(outcome(place(input))).toEqual([['middle'], ['middle']]);
  });

  it.each<[string, Readonly<Record<string, readonly string[]>>]>([
    ['its application depends on', { top: ['low'] }],
    ['its application depends on through others', { top: ['middle'], middle: ['low'] }],
    [
      'applications depend on that wait for each other',
      { top: ['middle'], middle: ['top', 'low'] },
    ],
  ])('takes no room from what %s', (_, dependencies) => {
    const input = inputOf({ low: [needs(3, 10), 'host-1'], middle: [needs(0)], top: [needs(3)] });
    const services = input.services.map(({ service }): PlacedService => {
      const application = service.name;
      return { application, service, dependsOn: dependencies[application] ?? [] };
    });
    const current = new Map([['low/low/1', toHostName('host-1')]]);

    expect(outcome(place({ ...input, services, current }))).toEqual([[], ['top']]);
  });

  it.each<[string, Partial<PlacementInput>]>([
    ['of a suspended application', { suspended: new Set(['shop']) }],
    ['for what is made nowhere now', { halted: new Set(['shop']) }],
    ['for what is withheld', { withheld: new Map([['shop/top/1', 'it waits']]) }],
    [
      'where it has failed',
      { avoided: new Map([['shop/top/1', new Set([toHostName('host-1')])]]) },
    ],
    [
      'on a host with a stranger on its port',
      {
        observations: new Map([
          [
            toHostName('host-1'),
            aReachableHost('host-1', { unmanaged: [aForeignContainer('nginx', [80])] }),
          ],
        ]),
      },
    ],
    [
      'on a host that cannot be seen',
      { observations: new Map([[toHostName('host-1'), anUnreachableHost('host-1')]]) },
    ],
  ])('takes no room %s', (_, more) => {
    const top = needs(3, 100, { container: { ports: [port] } });
    const input = inputOf({ low: [needs(3, 10), 'host-1'], top: [top] });

    expect(outcome(place({ ...input, ...more }))).toEqual([[], ['top']]);
  });

  it.each(['cordon', 'drain'] as const)('takes no room on a host with %s', (closed) => {
    const host = aHost('host-1', { capacity: { nanoCpus: 4e9 }, [closed]: true });
    const placement = place(
      inputOf({ low: [needs(3, 10), 'host-1'], top: [needs(3, 100)] }, [host]),
    );

    expect(outcome(placement)).toEqual([[], ['top']]);
  });

  it.each<[string, Asked, readonly string[]]>([
    [
      'a global service for another one',
      { low: [needs(3, 10, { mode: 'global' }), 'host-1'], top: [needs(3, 100)] },
      ['low'],
    ],
    [
      'another service for a global one',
      { low: [needs(3, 10), 'host-1'], top: [needs(3, 100, { mode: 'global' })] },
      ['low'],
    ],
    [
      'a singleton',
      { low: [needs(3, 10, { singleton: true }), 'host-1'], top: [needs(3, 100)] },
      ['low'],
    ],
    [
      'what has data there and may be elsewhere',
      {
        low: [needs(3, 10, { container: { mounts: [data] }, replaceAfterMs: 1 }), 'host-1'],
        top: [needs(3, 100)],
      },
      ['low'],
    ],
  ])('takes the room of %s', (_, asked, evicted) => {
    expect(outcome(place(inputOf(asked)))).toEqual([evicted, evicted]);
  });

  it('leaves a global service alone for another one that is as important', () => {
    const facts = needs(3, 10, { mode: 'global' });

    expect(outcome(place(inputOf({ b: [facts, 'host-1'], a: [facts] })))).toEqual([[], ['a']]);
  });

  it.each(['abandoned', 'drained'])('makes room for what leaves a host that is %s', (why) => {
    const asked: Asked = { low: [needs(3, 10), 'host-1'], top: [needs(3, 100), 'host-2'] };
    const hosts = ['host-1', 'host-2'].map((name) =>
      aHost(name, {
        capacity: { nanoCpus: 4e9 },
        drain: why === 'drained' && name === 'host-2',
      }),
    );
    const input = inputOf(asked, hosts);
    const observations = new Map(input.observations);
    if (why === 'abandoned') observations.set(toHostName('host-2'), anUnreachableHost('host-2'));
    const abandoned = new Set(why === 'abandoned' ? ['shop/top/1'] : []);
    const placement = place({ ...input, observations, abandoned });

    expect(placement.assignments.get('shop/top/1')).toBe('host-1');
    expect(outcome(placement)[0]).toEqual(['low']);
    expect([...placement.staying]).toEqual([]);
  });
});

describe('place() once room is made', () => {
  const asked: Asked = { low: [needs(3, 10), 'host-1'], top: [needs(3, 100), 'host-1'] };
  const evicted = new Map([['shop/low/1', { host: toHostName('host-1'), by: 'shop/top/1' }]]);

  it('says for whom as long as that one is there', () => {
    const { unplaced } = place({ ...inputOf(asked), evicted });

    expect(unplaced[0]?.explanation).toMatch(
      /^made room for shop\/top \(priority 100 above 10\): 0/,
    );
  });

  it('gives back the host when that one is gone', () => {
    const { low } = asked;
    const input = inputOf(low === undefined ? {} : { low });

    expect(place({ ...input, evicted }).assignments.get('shop/low/1')).toBe('host-1');
    expect(place({ ...input, current: new Map(), evicted }).assignments.get('shop/low/1')).toBe(
      'host-1',
    );
  });

  it('keeps what runs before what has left, though that comes first by its name', () => {
    const running = { a: [needs(3, 10), 'host-1'], b: [needs(3, 10), 'host-1'] } as const;
    const input = inputOf(running);

    expect(outcome(place({ ...input, vacant: new Set(['shop/a/1']) }))).toEqual([[], ['a']]);
    expect(
      outcome(
        place({
          ...input,
          evicted: new Map([['shop/a/1', { host: toHostName('host-1'), by: 'shop/b/1' }]]),
        }),
      ),
    ).toEqual([[], ['a']]);
  });
});
