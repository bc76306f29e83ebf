import { describe, expect, it } from 'vitest';

import type { AutoscaleSpec } from '../../../src/model/autoscale.ts';
import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { ContainerId } from '../../../src/model/names.ts';
import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type { ExposeSpec, ProxyGroup, ProxyRole } from '../../../src/model/traffic.ts';
import { serverName } from '../../../src/model/traffic.ts';
import { LoadWatch } from '../../../src/reconcile/load-watch.ts';
import type { RequestCounts } from '../../../src/reconcile/load-between.ts';
import type { World } from '../../../src/rollout/world.ts';
import {
  aReachableHost,
  anApplication,
  anInstance,
  anUnreachableHost,
  aService,
  aWorld,
  origin,
} from '../../support/builders.ts';
import { settle, VirtualClock } from '../../simulation/virtual-clock.ts';

const autoscale: AutoscaleSpec = {
  min: 1,
  max: 8,
  cpu: 70,
  stabilizationMs: 60_000,
  intervalMs: 15_000,
};
const key = 'shop/web';
const outside = { host: 'shop.example.com' };

function serving(spec: AutoscaleSpec | undefined, names: Partial<ExposeSpec> = outside): World {
  const expose = { path: '/', port: 80, drainTimeoutMs: 1_000, ...names };
  const service = aService(spec === undefined ? {} : { autoscale: spec, expose });
  const { container } = anInstance(service);
  const world = aWorld([anApplication([service])]);
  const host = aReachableHost('host-1', { containers: [container] });
  const own = { driver: 'haproxy' as const, service: 'haproxy', command: [], routes: '', origin };
  const proxies: readonly ProxyGroup[] = [
    { role: 'ingress', application: 'edge', ...own },
    { role: 'internal', application: 'names', ...own },
  ];
  const desired = { ...world.desired, fleet: { ...world.desired.fleet, proxies } };
  return { ...world, desired, observations: new Map([[host.host, host]]) };
}

function instanceOf(world: World): { readonly id: ContainerId; readonly server: string } {
  const [host] = world.observations.values();
  const [container] = host?.kind === 'reachable' ? host.containers : [];
  if (host === undefined || container === undefined) throw new Error('nothing runs');
  return { id: container.id, server: serverName(host.host, container) };
}

/** Goes by requests alone. */
const { cpu: _cpu, ...rest } = autoscale;
const byRequests = { ...rest, requestsPerSecond: 10 };

/** Of three hosts, these cannot be seen since the beginning of time, and had a proxy each. A host is lost after 5 minutes. */
function withDarkProxies(names: readonly string[], world = serving(byRequests)): World {
  const dark = names.map((name) => anUnreachableHost(name));
  const slot = { epoch: 1, hash: aService().hash, pending: false, vacating: false };
  const repairs = { repairs: 0, lastRepairAt: 0 };
  const slots = dark.map(
    ({ host }) => [`edge/haproxy/${host}`, { ...slot, ...repairs, host }] as const,
  );
  return {
    ...world,
    journal: { ...world.journal, slots: new Map(slots) },
    observations: new Map([...world.observations, ...dark.map((one) => [one.host, one] as const)]),
  };
}

function withFenced({ journal }: World, host: string): World['journal'] {
  return reduceJournal(journal, { kind: 'host-fenced', host: toHostName(host), by: 'Ada', at: 0 });
}

interface Measuring extends Disposable {
  readonly watch: LoadWatch;
  /** Questions so far. */
  readonly asked: () => number;
  /** Of the proxies that were asked last. */
  readonly roles: () => readonly ProxyRole[];
  readonly changes: () => number;
  readonly pass: (ms: number) => Promise<void>;
}

/** The one instance uses half a CPU and is given 20 requests a second. */
function measuring(world: World): Measuring {
  const clock = new VirtualClock(1_000);
  let [asked, changes] = [0, 0];
  let roles: readonly ProxyRole[] = [];
  const watch = new LoadWatch({
    clock,
    fleet: {
      usage: async () => {
        asked += 1;
        return { at: clock.now(), usedNs: clock.now() * 0.5e6 };
      },
    },
    traffic: {
      count: async (ofRoles) => {
        asked += 1;
        roles = ofRoles;
        const counts: RequestCounts = new Map([[instanceOf(world).server, clock.now() * 0.02]]);
        return new Map([[toContainerId('proxy'), counts]]);
      },
    },
    askPrometheus: async ({ url, query }) => {
      asked += 1;
      return { kind: 'unread', reason: `${query} at ${url}` };
    },
    onChange: () => void (changes += 1),
  });
  const pass = async (ms: number): Promise<void> => {
    await settle();
    const until = clock.now() + ms;
    while (await clock.step(until));
  };
  return {
    watch,
    pass,
    asked: () => asked,
    roles: () => roles,
    changes: () => changes,
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

describe('the load of a service', () => {
  it('is known at its interval, from the second measurement on', async () => {
    const world = serving(autoscale);
    using one = measuring(world);
    expect(one.watch.see(world).size).toBe(0);
    await one.pass(14_999);
    expect(one.watch.see(world).size).toBe(0);
    await one.pass(1);

    const load = one.watch.see(world).get(key);
    expect(load?.at).toBe(16_000);
    expect(load?.cpu.get(instanceOf(world).id)).toBeCloseTo(0.5e9);
    expect(load?.requests).toBeNull();
    expect(one.changes()).toBe(1);
    await one.pass(30_000);
    expect(one.changes()).toBe(3);
  });

  it('is asked for by what it goes by alone', async () => {
    const world = serving(byRequests);
    using one = measuring(world);
    one.watch.see(world);
    await one.pass(15_000);

    const load = one.watch.see(world).get(key);
    expect(load?.requests?.get(instanceOf(world).id)).toBeCloseTo(20);
    expect(load?.cpu.size).toBe(0);
    expect(one.asked()).toBe(2);
  });

  it('is what a query says, where fleet.yaml names somebody who can be asked', async () => {
    const { cpu: _cpu, ...rest } = autoscale;
    const alone = serving({ ...rest, prometheus: { query: 'sum(up)', target: 5 } });
    const url = 'http://prometheus.example.com';
    const { desired } = alone;
    const world = {
      ...alone,
      desired: { ...desired, fleet: { ...desired.fleet, prometheus: url } },
    };
    using one = measuring(world);
    one.watch.see(world);
    await one.pass(15_000);

    const { prometheus } = one.watch.see(world).get(key) ?? {};
    expect(prometheus).toEqual({ kind: 'unread', reason: `sum(up) at ${url}` });
    expect(one.asked()).toBe(2);
    one.watch.see(alone);
    await one.pass(15_000);
    expect(one.watch.see(alone).get(key)?.prometheus).toBeNull();
    expect(one.asked()).toBe(2);
  });

  it.each<[string, readonly string[], (world: World) => World]>([
    ['just went out of sight', ['host-2'], (world) => ({ ...world, now: 60_000 })],
    ['is lost, when the operator may be cut off', ['host-2', 'host-3'], (world) => world],
  ])(
    'is not told of requests while a proxy may be on a host that %s',
    async (_name, dark, asSeen) => {
      const world = asSeen(withDarkProxies(dark));
      using one = measuring(world);
      one.watch.see(world);
      await one.pass(15_000);

      expect(one.watch.see(world).get(key)?.requests).toBeNull();
      expect(one.asked()).toBe(0);
    },
  );

  it.each<[string, (world: World) => World]>([
    ['lost', (world) => world],
    ['fenced', (world) => ({ ...world, now: 60_000, journal: withFenced(world, 'host-2') })],
  ])('is told of the requests at the other proxies when a host is %s', async (_name, asSeen) => {
    const world = asSeen(withDarkProxies(['host-2']));
    using one = measuring(world);
    one.watch.see(world);
    await one.pass(15_000);

    const { requests } = one.watch.see(world).get(key) ?? {};
    expect(requests?.get(instanceOf(world).id)).toBeCloseTo(20);
  });

  it.each<[string, Partial<ExposeSpec>, readonly ProxyRole[]]>([
    ['outside', outside, ['ingress']],
    ['within the fleet', { internal: 'web.shop.internal' }, ['internal']],
    ['both', { ...outside, internal: 'web.shop.internal' }, ['ingress', 'internal']],
  ])('is told of the requests that come from %s', async (_name, names, roles) => {
    const world = serving(byRequests, names);
    using one = measuring(world);
    one.watch.see(world);
    await one.pass(15_000);

    expect(one.roles()).toEqual(roles);
    expect(one.watch.see(world).get(key)?.requests?.get(instanceOf(world).id)).toBeCloseTo(20);
  });

  it('is not held up by proxies out of sight that none of its requests come through', async () => {
    const seen = serving(byRequests, { internal: 'web.shop.internal' });
    const world = { ...withDarkProxies(['host-2'], seen), now: 60_000 };
    using one = measuring(world);
    one.watch.see(world);
    await one.pass(15_000);

    expect(one.roles()).toEqual(['internal']);
  });

  it('keeps what it came to until it is measured again, and goes on with it', async () => {
    const world = serving(autoscale);
    using one = measuring(world);
    one.watch.see(world);
    await one.pass(15_000);
    const recommendations = [{ at: 16_000, replicas: 5 }];
    one.watch.note([{ key, recommendations }]);
    await one.pass(15_000);

    expect(one.watch.see(world).get(key)).toMatchObject({ at: 31_000, recommendations });
  });

  it('is measured no more when nobody asks for it', async () => {
    using one = measuring(serving(autoscale));
    one.watch.see(serving(autoscale));
    await one.pass(15_000);
    const before = one.asked();
    expect(one.watch.see(serving(undefined)).size).toBe(0);
    await one.pass(60_000);

    expect(one.asked()).toBe(before);
  });

  it('begins anew when it is to be measured otherwise', async () => {
    const world = serving(autoscale);
    using one = measuring(world);
    one.watch.see(world);
    await one.pass(15_000);
    const other = serving({ ...autoscale, intervalMs: 5_000 });

    expect(one.watch.see(other).size).toBe(0);
    await one.pass(5_000);
    expect(one.watch.see(other).get(key)?.at).toBe(21_000);
  });
});
