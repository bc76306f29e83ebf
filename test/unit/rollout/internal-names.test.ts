import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { ExposeSpec, ProxyGroup, ProxyState } from '../../../src/model/traffic.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anApplication, anUnreachableHost, aService, aWorld } from '../../support/builders.ts';
import { play } from './play.ts';
import { commit, containers, run, seeing } from './scenario.ts';
import { actions, edge, guard, ingress, web } from './traffic-scenario.ts';

const internal: ProxyGroup = { ...ingress, role: 'internal', application: 'names' };
const names = anApplication([aService({ name: 'haproxy', replicas: 2, spread: ['zone'] })], {
  name: 'names',
});

const outside = { host: 'shop.example.com' };
const within = { internal: 'web.shop.internal' };
const both = { ...outside, ...within };

function exposed(image: string, hosts: Pick<ExposeSpec, 'host' | 'internal'>): ServiceSpec {
  return web(image, { expose: { path: '/', port: 8080, drainTimeoutMs: 30_000, ...hosts } });
}

function withProxies(world: World): World {
  const fleet = { ...world.desired.fleet, proxies: [ingress, internal] };
  return { ...world, desired: { ...world.desired, fleet } };
}

function release(world: World, service: ServiceSpec): World {
  return withProxies(commit(world, [edge, names, anApplication([service])], 2));
}

function deployed(service: ServiceSpec): World {
  return run(withProxies(aWorld([edge, names, anApplication([service])]))).world;
}

/** What the proxies of an application say. */
function statesOf(world: World, { application }: ProxyGroup): readonly ProxyState[] {
  return containers(world).flatMap(({ id, name }) => {
    const reading = name.startsWith(`${application}-`) ? world.traffic.get(id) : undefined;
    return reading?.kind === 'read' ? [reading.state] : [];
  });
}

function tablesOf(world: World, group: ProxyGroup): readonly object[] {
  return statesOf(world, group).map(({ servers, routes }) => ({ servers: servers.length, routes }));
}

/** No proxy of the group answers. */
function silenced(world: World, { application }: ProxyGroup): World {
  const silent = containers(world).filter(({ name }) => name.startsWith(`${application}-`));
  const ids = new Set(silent.map(({ id }) => id));
  const silence = { kind: 'silent', since: 0, reason: 'no answer' } as const;
  const traffic = new Map(
    [...world.traffic].map(([id, reading]) => {
      const { startedAt } = reading;
      return [id, ids.has(id) ? { ...silence, startedAt } : reading] as const;
    }),
  );
  return { ...world, traffic };
}

const outsideTable = { servers: 3, routes: { 'shop.example.com/': 'shop:web' } };
const withinTable = { servers: 3, routes: { 'web.shop.internal/': 'shop:web' } };
const empty = { servers: 0, routes: {} };

describe('proxies of two groups', () => {
  it.each([
    ['outside', outside, outsideTable, empty],
    ['within the fleet', within, empty, withinTable],
    ['both', both, outsideTable, withinTable],
  ])('are told of what is exposed to %s', (_name, hosts, atIngress, atInternal) => {
    const world = deployed(exposed('testapp:v1', hosts));

    expect(decide(world).settled).toBe(true);
    expect(tablesOf(world, ingress)).toEqual([atIngress, atIngress]);
    expect(tablesOf(world, internal)).toEqual([atInternal, atInternal]);
  });

  it('all send no requests to what is stopped in an update, and have its successor before', () => {
    const next = release(deployed(exposed('testapp:v1', both)), exposed('testapp:v2', both));

    const { world, last } = play(next, 120_000, { watch: guard(3) });
    expect(last.settled).toBe(true);
    expect(tablesOf(world, ingress)).toEqual([outsideTable, outsideTable]);
    expect(tablesOf(world, internal)).toEqual([withinTable, withinTable]);
  });

  it.each([
    ['ingress', ingress],
    ['internal', internal],
  ])('hold what both have when those of %s are silent', (_name, group) => {
    const next = release(deployed(exposed('testapp:v1', both)), exposed('testapp:v2', both));

    const { last, steps } = play(silenced(next, group), 120_000);
    expect(actions({ steps })).toContain('create-container');
    expect(actions({ steps })).not.toContain('stop-container');
    const shop = last.applications.find(({ application }) => application === 'shop');
    expect(shop?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Stalled', status: true, reason: 'ProxyUnreachable' }),
    );
  });

  it('hold what both have when one of internal is on a host that cannot be seen', () => {
    const before = deployed(exposed('testapp:v1', both));
    const proxy = containers(before).find(({ name }) => name.startsWith('names-'));
    const dark = seeing(before, anUnreachableHost(proxy?.host ?? '', { since: before.now }));

    const { steps } = play(release(dark, exposed('testapp:v2', both)), 120_000);
    expect(actions({ steps })).not.toContain('stop-container');
  });

  it.each([
    ['outside', outside, internal],
    ['within the fleet', within, ingress],
  ])(
    'do not hold what is exposed to %s alone when the others are silent',
    (_name, hosts, group) => {
      const next = release(deployed(exposed('testapp:v1', hosts)), exposed('testapp:v2', hosts));

      const { world } = play(silenced(next, group), 120_000);
      const images = containers(world).flatMap(({ name, spec }) =>
        name.startsWith('shop-') ? [spec.image] : [],
      );
      expect(images).toEqual(Array(3).fill('testapp:v2'));
    },
  );

  it('forget a name that a commit takes away, and touch nothing else', () => {
    const next = release(deployed(exposed('testapp:v1', both)), exposed('testapp:v1', outside));

    const { world, steps } = run(next);
    expect(new Set(actions({ steps }))).toEqual(
      new Set(['withdraw-endpoint', 'remove-endpoint', 'route-requests']),
    );
    expect(tablesOf(world, ingress)).toEqual([outsideTable, outsideTable]);
    expect(tablesOf(world, internal)).toEqual([empty, empty]);
  });
});
