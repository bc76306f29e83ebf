import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { HostName } from '../../../src/model/names.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { HostObservation } from '../../../src/model/observation.ts';
import { otherHosts } from '../../../src/placement/other-hosts.ts';
import { place } from '../../../src/placement/place.ts';
import type { MountSpec, PortSpec } from '../../../src/model/container.ts';
import {
  aConstraint,
  aForeignContainer,
  aHost,
  anUnreachableHost,
  aReachableHost,
  aService,
} from '../../support/builders.ts';

const hosts = ['host-1', 'host-2', 'host-3'].map((name) => aHost(name));
const ports: readonly PortSpec[] = [{ target: 80, protocol: 'tcp', hostIp: '', published: '80' }];

function seen(...others: readonly HostObservation[]): ReadonlyMap<HostName, HostObservation> {
  const all = [...hosts.map(({ name }) => aReachableHost(name)), ...others];
  return new Map(all.map((one) => [one.host, one]));
}

interface Facts {
  readonly current?: string;
  readonly avoided?: readonly string[];
  readonly observations?: ReadonlyMap<HostName, HostObservation>;
}

/** Where the slots of a service come, when the first one avoids hosts. */
function placed(
  service: ServiceSpec,
  { current, avoided = [], observations = seen() }: Facts = {},
): readonly (string | undefined)[] {
  const { assignments } = place({
    services: [{ application: 'shop', service }],
    hosts,
    observations,
    current: current === undefined ? new Map() : new Map([['shop/web/1', toHostName(current)]]),
    avoided: new Map([['shop/web/1', new Set(avoided.map(toHostName))]]),
    abandoned: new Set(),
  });
  return Array.from({ length: service.replicas }, (_, index) =>
    assignments.get(`shop/web/${index + 1}`),
  );
}

describe('place() with hosts that a slot avoids', () => {
  it('moves it to another one', () => {
    expect(placed(aService(), { current: 'host-1', avoided: ['host-1'] })).not.toEqual(['host-1']);
    expect(placed(aService(), { current: 'host-1', avoided: ['host-1', 'host-2'] })).toEqual([
      'host-3',
    ]);
  });

  it('leaves it where it is when it has failed on all', () => {
    expect(
      placed(aService(), { current: 'host-2', avoided: ['host-1', 'host-2', 'host-3'] }),
    ).toEqual(['host-2']);
  });

  it.each<[string, ServiceSpec, ReadonlyMap<HostName, HostObservation>]>([
    [
      'by its constraints',
      aService({ constraints: [aConstraint('node.hostname == host-1')] }),
      seen(),
    ],
    [
      'that can be seen',
      aService(),
      seen(anUnreachableHost('host-2'), anUnreachableHost('host-3')),
    ],
    [
      'with its port free',
      aService({ container: { ports } }),
      seen(
        ...['host-2', 'host-3'].map((name) =>
          aReachableHost(name, { unmanaged: [aForeignContainer('nginx', [80])] }),
        ),
      ),
    ],
  ])('leaves it where it is when there is no other one %s', (_name, service, observations) => {
    expect(placed(service, { current: 'host-1', avoided: ['host-1'], observations })).toEqual([
      'host-1',
    ]);
  });

  it('prefers any other host to one that it avoids, however full it is', () => {
    const [first, ...others] = placed(aService({ replicas: 9 }), { avoided: ['host-1', 'host-2'] });

    expect(first).toBe('host-3');
    expect(others).toHaveLength(8);
  });

  it('does not keep other slots away', () => {
    expect(new Set(placed(aService({ replicas: 3 }), { avoided: ['host-1'] }))).toEqual(
      new Set(['host-1', 'host-2', 'host-3']),
    );
  });

  it('stays on a host that cannot be seen, though it has failed there', () => {
    expect(
      placed(aService(), {
        current: 'host-1',
        avoided: ['host-1'],
        observations: seen(anUnreachableHost('host-1')),
      }),
    ).toEqual(['host-1']);
  });
});

function others(
  service: ServiceSpec,
  tried: readonly string[],
  observations = seen(),
): readonly string[] {
  return otherHosts(service, hosts, observations, new Set(tried.map(toHostName)));
}

describe('otherHosts()', () => {
  const data: MountSpec = {
    type: 'volume',
    source: 'data',
    target: '/data',
    readOnly: false,
    noCopy: false,
  };

  it.each<[string, ServiceSpec, readonly string[], readonly string[]]>([
    ['those that were not tried', aService(), ['host-1'], ['host-2', 'host-3']],
    ['none when all were', aService(), ['host-1', 'host-2', 'host-3'], []],
    [
      'those that its constraints admit',
      aService({ constraints: [aConstraint('node.hostname != host-2')] }),
      ['host-1'],
      ['host-3'],
    ],
    ['none for a global service', aService({ mode: 'global' }), ['host-1'], []],
    [
      'none for a service with a volume',
      aService({ container: { mounts: [data] } }),
      ['host-1'],
      [],
    ],
    [
      'all for a service with an anonymous volume',
      aService({ container: { mounts: [{ ...data, source: '' }] } }),
      ['host-1'],
      ['host-2', 'host-3'],
    ],
  ])('%s', (_name, service, tried, expected) => {
    expect(others(service, tried)).toEqual(expected);
  });

  it('leaves out hosts that cannot be seen, and those where a stranger has its port', () => {
    const observations = seen(
      anUnreachableHost('host-2'),
      aReachableHost('host-3', { unmanaged: [aForeignContainer('nginx', [80])] }),
    );

    expect(others(aService(), ['host-1'], observations)).toEqual(['host-3']);
    expect(others(aService({ container: { ports } }), ['host-1'], observations)).toEqual([]);
  });
});
