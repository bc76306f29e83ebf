import { describe, expect, it } from 'vitest';

import type { ContainerSpec, PortSpec } from '../../../src/model/container.ts';
import type { ServiceSpec } from '../../../src/model/application.ts';
import { toHostName } from '../../../src/model/names.ts';
import { label } from '../../../src/model/labels.ts';
import type { ReachableHost } from '../../../src/model/observation.ts';
import { place, type Placement } from '../../../src/placement/place.ts';
import {
  aConstraint,
  aContainer,
  aForeignContainer,
  aHost,
  aReachableHost,
  aService,
  type ServiceFacts,
} from '../../support/builders.ts';

function published(port: number): readonly PortSpec[] {
  return [{ target: 80, protocol: 'tcp', hostIp: '', published: String(port) }];
}

/** A service with another container on host `a`. */
function varied(facts: ServiceFacts, onA: Partial<ContainerSpec>): ServiceSpec {
  const container = { ...facts.container, ...onA };
  const variants = [{ hosts: [toHostName('a')], service: aService({ ...facts, container }) }];
  return { ...aService(facts), variants };
}

function placed(
  services: readonly ServiceSpec[],
  seen: Readonly<Record<string, Partial<ReachableHost>>> = {},
  externalNetworks: readonly string[] = [],
): Placement {
  const names = ['a', 'b'];
  return place({
    services: services.map((service) => ({ application: 'shop', service, externalNetworks })),
    hosts: names.map((name) => aHost(name, { capacity: { memoryBytes: 1_000 } })),
    observations: new Map(
      names.map((name) => [toHostName(name), aReachableHost(name, seen[name] ?? {})]),
    ),
    current: new Map(),
    avoided: new Map(),
    abandoned: new Set(),
  });
}

function hostsOf({ assignments }: Placement): Readonly<Record<string, string>> {
  return Object.fromEntries(assignments);
}

const resources = (memoryReservationBytes: number): ContainerSpec['resources'] => ({
  ...aContainer().resources,
  memoryReservationBytes,
});

describe('place(), with overrides', () => {
  it('goes by the port that is published on a host', () => {
    const stranger = { unmanaged: [aForeignContainer('nginx', [81])] };
    const web = varied(
      { replicas: 2, container: { ports: published(80) } },
      {
        ports: published(81),
      },
    );
    const { assignments, unplaced } = placed([web], { a: stranger, b: stranger });

    expect(Object.fromEntries(assignments)).toEqual({ 'shop/web/1': 'b' });
    expect(unplaced[0]?.explanation).toContain('port 81 in use by "nginx" (unmanaged)');
  });

  it('lets two services have one port where an override keeps them apart', () => {
    const web = varied(
      { name: 'web', mode: 'global', container: { ports: published(80) } },
      {
        ports: published(81),
      },
    );
    const api = aService({
      name: 'api',
      mode: 'global',
      container: { ports: published(80) },
      constraints: [aConstraint('node.hostname == a')],
    });

    expect(hostsOf(placed([web, api]))).toEqual({
      'shop/web/a': 'a',
      'shop/web/b': 'b',
      'shop/api/a': 'a',
    });
  });

  it('counts what is reserved on a host', () => {
    const web = varied(
      { replicas: 5, container: { resources: resources(300) } },
      {
        resources: resources(600),
      },
    );
    const { assignments, unplaced } = placed([web]);
    const counts = ['a', 'b'].map(
      (name) => [...assignments.values()].filter((host) => host === name).length,
    );

    expect(counts).toEqual([1, 3]);
    expect(unplaced).toHaveLength(1);
  });

  it('asks a host for an external network only where the service is attached to it', () => {
    const networks = [{ network: 'lan', aliases: [] }];
    const web = varied({ replicas: 2 }, { networks });
    const network = { id: 'n', name: 'lan', driver: 'bridge', internal: false, labels: {} };
    const lan = { networks: [network] };

    expect(Object.values(hostsOf(placed([web], { a: lan }, ['lan']))).toSorted()).toEqual([
      'a',
      'b',
    ]);
    expect(Object.values(hostsOf(placed([web], { b: lan }, ['lan'])))).toEqual(['b', 'b']);
  });

  it('keeps the one slot of a service with its data, also where only an override mounts it', () => {
    const volume = {
      type: 'volume',
      source: 'shop_data',
      target: '/d',
      readOnly: false,
      noCopy: false,
    } as const;
    const web = varied({}, { mounts: [volume] });
    const labels = { [label.application]: 'shop', [label.fleet]: 'test' };
    const data = { volumes: [{ name: 'shop_data', driver: 'local', labels }] };

    expect(hostsOf(placed([web], { a: data }))).toEqual({ 'shop/web/1': 'a' });
    expect(hostsOf(placed([web], { b: data }))).toEqual({ 'shop/web/1': 'b' });
  });
});
