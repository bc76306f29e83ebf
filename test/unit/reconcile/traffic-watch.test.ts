import { describe, expect, it } from 'vitest';

import { toContainerId } from '../../../src/model/names.ts';
import type { ContainerGuard, TrafficAction } from '../../../src/model/step.ts';
import type { ProxyGroup, ProxyState, TrafficChange } from '../../../src/model/traffic.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { TrafficWatch } from '../../../src/reconcile/traffic-watch.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ProxyAnswer, TrafficRouter } from '../../../src/traffic/traffic-router.ts';
import { aReachableHost, aService, aWorld, anInstance, origin } from '../../support/builders.ts';

const id = toContainerId('proxy');
const guard: ContainerGuard = { id, self: '', states: ['running'] };
const endpoint = { backend: 'shop:web', name: 'host-1:web:abc', address: '192.0.2.1', port: 80 };
const admit: TrafficAction = { kind: 'admit-endpoint', endpoint, guard, name: 'edge-haproxy-1' };
const empty: ProxyState = { backends: ['shop:web'], servers: [], routes: {} };

const own = { driver: 'haproxy' as const, service: 'haproxy', command: [], routes: '', origin };
const groups: readonly ProxyGroup[] = [
  { role: 'ingress', application: 'edge', ...own },
  { role: 'internal', application: 'names', ...own },
];

/** A world in which proxies run since then: that of the first application has the id. */
function aWorldWithProxy(startedAt: number, applications: readonly string[] = ['edge']): World {
  const containers = applications.map((application, index) => {
    const facts = { id: index === 0 ? id : toContainerId(application), startedAt };
    const identity = { application, service: 'haproxy' };
    const service = aService({ name: 'haproxy' });
    return anInstance(service, identity, { ...facts, state: 'running' }).container;
  });
  const world = aWorld([], ['host-1']);
  const fleet = { ...world.desired.fleet, proxies: groups };
  const host = aReachableHost('host-1', { containers });
  return {
    ...world,
    desired: { ...world.desired, fleet },
    observations: new Map([[host.host, host]]),
  };
}

/** Takes what it is told, and answers when it is let. */
class ProxyInHand {
  readonly asked: (readonly TrafficChange[])[] = [];
  readonly #answers: ((answer: ProxyAnswer) => void)[] = [];

  readonly router: TrafficRouter = {
    ask: (_proxy, changes) => {
      this.asked.push(changes);
      return new Promise((resolve) => {
        this.#answers.push(resolve);
      });
    },
  };

  async answer(answer: ProxyAnswer): Promise<void> {
    this.#answers.shift()?.(answer);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

interface Watching extends Disposable {
  readonly hand: ProxyInHand;
  readonly watch: TrafficWatch;
  readonly changes: () => number;
}

function watching(): Watching {
  const hand = new ProxyInHand();
  let changes = 0;
  const watch = new TrafficWatch({
    clock: { ...systemClock, now: () => 7 },
    fleet: { ask: async () => 'nobody asks' },
    openRouter: () => hand.router,
    onChange: () => void (changes += 1),
  });
  return { hand, watch, changes: () => changes, [Symbol.dispose]: () => watch[Symbol.dispose]() };
}

const answered = (state: ProxyState, said = ''): ProxyAnswer => ({ state, said });
const admitted = { ...empty, servers: [{ ...endpoint, isReady: true, sessions: 3 }] };
const leaving = { ...empty, servers: [{ ...endpoint, isReady: false, sessions: 3 }] };

describe('what is known of a proxy', () => {
  it('is nothing before it has answered, and then what it said', async () => {
    using one = watching();
    expect(one.watch.see(aWorldWithProxy(1)).size).toBe(0);
    await one.hand.answer(answered(empty));

    expect(one.changes()).toBe(1);
    expect(one.watch.see(aWorldWithProxy(1)).get(id)).toEqual({
      kind: 'read',
      startedAt: 1,
      state: empty,
      leavingSince: {},
    });
  });

  it('is asked in the way of its own group, as the last commit says it', async () => {
    const asked: string[] = [];
    using watch = new TrafficWatch({
      clock: systemClock,
      fleet: { ask: async () => 'nobody asks' },
      openRouter: (_fleet, { role, command }) => ({
        ask: async ({ container }) => {
          asked.push([container, role, ...command].join(' '));
          return answered(empty);
        },
      }),
      onChange: () => {},
    });
    const world = aWorldWithProxy(1, ['edge', 'names']);
    watch.see(world);
    expect(asked).toEqual(['proxy ingress', 'names internal']);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const proxies = groups.map((group) => ({ ...group, command: ['ask'] }));
    const { desired } = world;
    watch.see({ ...world, desired: { ...desired, fleet: { ...desired.fleet, proxies } } });
    watch.look(id);

    expect(asked.at(-1)).toBe('proxy ingress ask');
  });

  it('is that it is silent when asking it fails', async () => {
    const hand = new ProxyInHand();
    using watch = new TrafficWatch({
      clock: { ...systemClock, now: () => 7 },
      fleet: { ask: async () => 'nobody asks' },
      openRouter: () => ({ ask: () => Promise.reject(new Error('a bug')) }),
      onChange: () => {},
    });
    watch.see(aWorldWithProxy(1));
    await hand.answer('');

    expect(watch.see(aWorldWithProxy(1)).get(id)).toMatchObject({
      kind: 'silent',
      reason: 'a bug',
    });
  });

  it('is forgotten when it was started anew, whatever is answered still', async () => {
    using one = watching();
    one.watch.see(aWorldWithProxy(1));
    one.watch.see(aWorldWithProxy(2));
    await one.hand.answer(answered(admitted));
    expect(one.watch.see(aWorldWithProxy(2)).size).toBe(0);
    await one.hand.answer(answered(empty));

    expect(one.watch.see(aWorldWithProxy(2)).get(id)).toMatchObject({ startedAt: 2, state: empty });
  });

  it('tells since when an endpoint is on its way out, and wakes nobody for requests of the others', async () => {
    using one = watching();
    one.watch.see(aWorldWithProxy(1));
    await one.hand.answer(answered(admitted));
    one.watch.look(id);
    await one.hand.answer(
      answered({ ...empty, servers: [{ ...endpoint, isReady: true, sessions: 9 }] }),
    );
    expect(one.changes()).toBe(1);
    one.watch.look(id);
    await one.hand.answer(answered(leaving));

    expect(one.changes()).toBe(2);
    expect(one.watch.see(aWorldWithProxy(1)).get(id)).toMatchObject({
      leavingSince: { [endpoint.name]: 7 },
      state: leaving,
    });
  });

  it('is that it is silent, with the reason', async () => {
    using one = watching();
    one.watch.see(aWorldWithProxy(1));
    await one.hand.answer('connection refused');

    const reading = { kind: 'silent', startedAt: 1, since: 7, reason: 'connection refused' };
    expect(one.watch.see(aWorldWithProxy(1)).get(id)).toEqual(reading);
  });
});

describe('a change', () => {
  it('waits for the question under way, and goes with the others that wait', async () => {
    using one = watching();
    one.watch.see(aWorldWithProxy(1));
    const route = { kind: 'route-requests', key: 'a/', backend: 'shop:web', isNew: true } as const;
    const ends = [one.watch.change(admit), one.watch.change({ ...route, guard, name: 'edge' })];
    expect(one.hand.asked).toEqual([[]]);
    await one.hand.answer(answered(empty));
    expect(one.hand.asked[1]?.map(({ kind }) => kind)).toEqual([
      'admit-endpoint',
      'route-requests',
    ]);
    await one.hand.answer(answered({ ...admitted, routes: { 'a/': 'shop:web' } }));

    expect(await Promise.all(ends)).toEqual([{ kind: 'done' }, { kind: 'done' }]);
  });

  it.each<[string, TrafficAction, ProxyState]>([
    ['admits', admit, empty],
    ['withdraws', { ...admit, kind: 'withdraw-endpoint' }, admitted],
    ['removes', { ...admit, kind: 'remove-endpoint' }, leaving],
    [
      'routes',
      {
        kind: 'route-requests',
        key: 'a/',
        backend: null,
        isNew: false,
        guard,
        name: 'edge-haproxy-1',
      },
      { ...empty, routes: { 'a/': 'shop:web' } },
    ],
  ])('that %s has failed when the proxy is as before', async (_what, action, state) => {
    using one = watching();
    one.watch.see(aWorldWithProxy(1));
    await one.hand.answer(answered(state));
    const end = one.watch.change(action);
    await one.hand.answer(answered(state, 'No such server.'));

    expect(await end).toEqual({
      kind: 'failed',
      failure: {
        class: 'infrastructure',
        reason: 'ProxyRefused',
        message: 'Proxy "edge-haproxy-1" did not take a change: No such server.',
      },
    });
  });

  it('has failed when the proxy is silent, for nobody knows whether it was made', async () => {
    using one = watching();
    one.watch.see(aWorldWithProxy(1));
    await one.hand.answer(answered(empty));
    const end = one.watch.change(admit);
    await one.hand.answer('no answer within 10 s');

    expect(await end).toMatchObject({ kind: 'failed', failure: { reason: 'ProxyUnreachable' } });
  });

  it('is skipped for a proxy that is gone, or goes while it waits', async () => {
    using one = watching();
    expect(await one.watch.change(admit)).toMatchObject({ kind: 'skipped' });
    one.watch.see(aWorldWithProxy(1));
    const end = one.watch.change(admit);
    one.watch.see(aWorldWithProxy(2));
    await one.hand.answer(answered(empty));

    expect(await end).toMatchObject({ kind: 'skipped' });
  });
});

describe('what is counted', () => {
  const server = { ...endpoint, isReady: true, sessions: 3, requests: 70 };

  it('is asked for anew, told to whoever asks, and wakes nobody', async () => {
    using one = watching();
    one.watch.see(aWorldWithProxy(1));
    await one.hand.answer(answered({ ...empty, servers: [server] }));
    const before = one.changes();
    const counting = one.watch.count(['ingress']);
    await one.hand.answer(answered({ ...empty, servers: [{ ...server, requests: 90 }] }));

    expect(await counting).toEqual(new Map([[id, new Map([[endpoint.name, 90]])]]));
    expect(one.changes()).toBe(before);
  });

  it('is not known of a server that the proxy does not count', async () => {
    using one = watching();
    one.watch.see(aWorldWithProxy(1));
    const counting = one.watch.count(['ingress']);
    await one.hand.answer(answered(admitted));

    expect(await counting).toEqual(new Map([[id, new Map([[endpoint.name, null]])]]));
  });

  it('is asked of the proxies alone that requests come through', async () => {
    using one = watching();
    one.watch.see(aWorldWithProxy(1));
    await one.hand.answer(answered(admitted));

    expect(await one.watch.count(['internal'])).toBeNull();
    expect(one.hand.asked).toHaveLength(1);
  });

  it('is not known without a proxy, of one that does not answer, and of one that is gone meanwhile', async () => {
    using one = watching();
    expect(await one.watch.count(['ingress'])).toBeNull();
    one.watch.see(aWorldWithProxy(1));
    const silent = one.watch.count(['ingress']);
    await one.hand.answer('no answer');
    expect(await silent).toBeNull();
    const gone = one.watch.count(['ingress']);
    one.watch.see(aWorld([]));
    await one.hand.answer(answered(admitted));

    expect(await gone).toBeNull();
  });
});
