import { describe, expect, it } from 'vitest';

import type { ApplicationSpec, NetworkSpec, ServiceSpec } from '../../../src/model/application.ts';
import { withCombinedHashes } from '../../../src/model/hash.ts';
import type { IngressSpec, ProxyReading, ProxyServer } from '../../../src/model/traffic.ts';
import { serverName } from '../../../src/model/traffic.ts';
import { toContainerId, toHostName, type ContainerId } from '../../../src/model/names.ts';
import type { Decision } from '../../../src/rollout/decide.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  anApplication,
  anUnreachableHost,
  aService,
  aWorld,
  origin,
} from '../../support/builders.ts';
import { play, playUntil } from './play.ts';
import type { Run } from './scenario.ts';
import { commit, containers, edit, exits, run, seeing } from './scenario.ts';

const ingress: IngressSpec = {
  driver: 'haproxy',
  application: 'edge',
  service: 'haproxy',
  command: ['nc'],
  routes: '/routes.map',
  origin,
};

const edge = anApplication([aService({ name: 'haproxy', replicas: 2, spread: ['zone'] })], {
  name: 'edge',
});

function web(image: string, facts: ServiceFacts = {}): ServiceSpec {
  const ports = [{ target: 8080, protocol: 'tcp' as const, hostIp: '', published: '' }];
  return aService({
    replicas: 3,
    expose: { host: 'shop.example.com', path: '/', port: 8080, drainTimeoutMs: 30_000 },
    ...facts,
    container: { image, ports },
  });
}

function listening(tag: string, port: number): ServiceSpec {
  return aService({
    replicas: 3,
    expose: { host: 'shop.example.com', path: '/', port, drainTimeoutMs: 30_000 },
    container: {
      image: `testapp:${tag}`,
      ports: [{ target: port, protocol: 'tcp', hostIp: '', published: '' }],
    },
  });
}

function overridden(tag: string, port: number): ServiceSpec {
  const variants = [{ hosts: [toHostName('host-1')], service: listening(`${tag}-arm`, port) }];
  const [service] = withCombinedHashes([{ ...listening(tag, port), variants }]);
  if (service === undefined) throw new Error('there is a service');
  return service;
}

function withIngress(world: World): World {
  const { desired } = world;
  return { ...world, desired: { ...desired, fleet: { ...desired.fleet, ingress } } };
}

/** The applications of the fleet, with another version of the shop. */
function release(world: World, service: ServiceSpec | null, seed: number): World {
  const shop = service === null ? [] : [anApplication([service])];
  return withIngress(commit(world, [edge, ...shop], seed));
}

/** Everything is deployed, and the proxies know of it. */
function deployed(service = web('testapp:v1')): World {
  return run(withIngress(aWorld([edge, anApplication([service])]))).world;
}

function shopOf(world: World): ReturnType<typeof containers> {
  return containers(world).filter(({ name }) => name.startsWith('shop-'));
}

function readings(world: World): readonly Extract<ProxyReading, { kind: 'read' }>[] {
  return [...world.traffic.values()].flatMap((one) => (one.kind === 'read' ? [one] : []));
}

function change(world: World, one: (reading: ProxyReading) => ProxyReading): World {
  return { ...world, traffic: new Map([...world.traffic].map(([id, each]) => [id, one(each)])) };
}

/** Requests are on their way to each server that is on its way out. */
function withSessions(world: World, sessions: number): World {
  return change(world, (reading) => {
    if (reading.kind === 'silent') return reading;
    const servers = reading.state.servers.map((one) => (one.isReady ? one : { ...one, sessions }));
    const leaving = servers.filter(({ isReady }) => !isReady);
    const since = (name: string): number => reading.leavingSince[name] ?? world.now;
    const leavingSince = Object.fromEntries(leaving.map(({ name }) => [name, since(name)]));
    return { ...reading, state: { ...reading.state, servers }, leavingSince };
  });
}

function silenced(world: World, since = 0): World {
  return change(world, ({ startedAt }) => {
    return { kind: 'silent', startedAt, since, reason: 'no answer' };
  });
}

function serverOf(world: World, id: ContainerId): readonly ProxyServer[] {
  const container = containers(world).find((one) => one.id === id);
  if (container === undefined) return [];
  const name = serverName(container.host, container);
  return readings(world).flatMap(({ state }) =>
    state.servers.filter((server) => server.name === name),
  );
}

/** Fails when something is stopped that may be sent requests, or when a proxy has fewer than these to send them to. */
function guard(least: number): (world: World, decision: Decision) => void {
  return (world, { steps }) => {
    for (const { state } of readings(world)) {
      expect(state.servers.filter(({ isReady }) => isReady).length).toBeGreaterThanOrEqual(least);
    }
    for (const { action } of steps) {
      if (action.kind !== 'stop-container') continue;
      expect(
        serverOf(world, action.guard.id).filter((one) => one.isReady || one.sessions > 0),
      ).toEqual([]);
    }
  };
}

function stops(world: World): number {
  return decide(world).steps.filter(({ action }) => action.kind === 'stop-container').length;
}

const actions = ({ steps }: Pick<Run, 'steps'>): readonly string[] =>
  steps.map(({ action }) => action.kind);

describe('endpoints', () => {
  it('are in each proxy once all is deployed, with their route', () => {
    const world = deployed();

    expect(decide(world).settled).toBe(true);
    expect(world.traffic.size).toBe(2);
    for (const { state } of readings(world)) {
      const names = shopOf(world).map((container) => serverName(container.host, container));
      expect(state.servers.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      expect(state.servers.every(({ isReady, backend }) => isReady && backend === 'shop:web')).toBe(
        true,
      );
      expect(state.routes).toEqual({ 'shop.example.com/': 'shop:web' });
    }
  });

  it('keep the port of their version where an override holds, when a commit changes it', () => {
    const decision = decide(release(deployed(overridden('v1', 8080)), overridden('v2', 9090), 2));

    expect(actions(decision)).not.toContain('withdraw-endpoint');
  });

  it('are told again to a proxy that was started anew', () => {
    const before = deployed();
    const id = [...before.traffic.keys()][0];
    const restarted = edit(before, (one) =>
      one.id === id ? { ...one, startedAt: before.now } : one,
    );

    const decision = decide(restarted);
    expect(decision.settled).toBe(false);
    const after = run(restarted);
    expect(actions(after).filter((kind) => kind === 'admit-endpoint')).toHaveLength(3);
    expect(after.last.settled).toBe(true);
  });

  it('are those that are well: one that is not gets no requests, and gets them again', () => {
    const before = deployed();
    const [victim] = shopOf(before);
    const sick = edit(before, (one) =>
      one.id === victim?.id ? { ...one, health: 'unhealthy' } : one,
    );

    const { steps } = decide(sick);
    expect(steps.map(({ action }) => action.kind)).toEqual([
      'withdraw-endpoint',
      'withdraw-endpoint',
    ]);
    const removed = play(sick, 10_000).world;
    expect(serverOf(removed, victim?.id ?? toContainerId(''))).toEqual([]);
    const well = edit(removed, (one) => (one.id === victim?.id ? { ...one, health: 'none' } : one));
    expect(serverOf(run(well).world, victim?.id ?? toContainerId(''))).toHaveLength(2);
  });

  it('stay while their host is out of sight, until others have taken their place', () => {
    const before = deployed();
    const proxies = new Set(
      containers(before).flatMap(({ id, host }) => (before.traffic.has(id) ? [host] : [])),
    );
    const lost = shopOf(before).find(({ host }) => !proxies.has(host));
    const host = lost?.host ?? '';
    const dark = seeing(before, anUnreachableHost(host, { since: before.now }));

    const silent = play(dark, 60_000);
    expect(silent.steps).toEqual([]);
    const { world } = play(dark, 20 * 60_000, { watch: guard(3) });
    for (const { state } of readings(world)) {
      expect(state.servers).toHaveLength(3);
      expect(state.servers.filter(({ name }) => name.startsWith(`${host}:`))).toEqual([]);
    }
  });

  it('are given another port when an instance was started anew on one', () => {
    const before = deployed();
    const [moved] = shopOf(before);
    const published = [{ target: 8080, protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 40_001 }];
    const after = run(edit(before, (one) => (one.id === moved?.id ? { ...one, published } : one)));

    const ports = serverOf(after.world, moved?.id ?? toContainerId('')).map(({ port }) => port);
    expect(ports).toEqual([40_001, 40_001]);
  });
});

describe('an update of what is exposed', () => {
  it('stops nothing that a proxy sends requests, and takes nothing before its successor gets them', () => {
    const next = release(deployed(), web('testapp:v2'), 2);

    const { world, last } = play(next, 120_000, { watch: guard(3) });
    expect(last.settled).toBe(true);
    expect(shopOf(world).map(({ spec }) => spec.image)).toEqual(Array(3).fill('testapp:v2'));
    expect(readings(world).map(({ state }) => state.servers.length)).toEqual([3, 3]);
  });

  it('goes on after the operator was killed at any moment', () => {
    const next = release(deployed(), web('testapp:v2'), 2);
    const moments: World[] = [];
    play(next, 40_000, { watch: (world) => void moments.push(world) });

    for (const moment of moments) {
      const forgetful = { readiness: new Map(), failures: new Map(), watchingSince: moment.now };
      const { last } = play({ ...moment, ...forgetful }, 120_000, { watch: guard(3) });
      expect(last.settled).toBe(true);
    }
  });

  it('waits with stop-first until those that were replaced get requests', () => {
    const facts: ServiceFacts = { update: { order: 'stop-first' } };
    const next = release(deployed(web('testapp:v1', facts)), web('testapp:v2', facts), 2);

    const { last } = play(next, 120_000, { watch: guard(2) });
    expect(last.settled).toBe(true);
  });

  it('waits for the last requests of what it replaces, and no longer than drainTimeout', () => {
    const next = release(deployed(), web('testapp:v2'), 2);
    const withdrawn = playUntil(next, (world) =>
      readings(world).every(({ state }) => state.servers.some(({ isReady }) => !isReady)),
    ).world;
    const busy = withSessions(withdrawn, 4);

    const decision = decide(busy);
    const waiting = decision.applications.flatMap((one) => one.waiting);
    expect(waiting).toContainEqual(
      expect.objectContaining({
        kind: 'traffic',
        reason: expect.stringMatching(/^it answers the last requests of proxy "edge-.*" \(4\)$/),
        until: busy.now + 30_000,
      }),
    );
    expect(stops(busy)).toBe(0);
    expect(stops({ ...busy, now: busy.now + 30_000 })).toBe(1);
  });

  it('stops nothing as long as a proxy is silent, and says so', () => {
    const next = release(deployed(), web('testapp:v2'), 2);

    const { last, steps } = play(silenced(next), 300_000);
    const kinds = actions({ steps });
    expect(kinds).toContain('create-container');
    expect(kinds).not.toContain('stop-container');
    const conditions = last.applications.find(
      ({ application }) => application === 'shop',
    )?.conditions;
    expect(conditions).toContainEqual(
      expect.objectContaining({
        type: 'Stalled',
        status: true,
        reason: 'ProxyUnreachable',
        message: expect.stringContaining('does not answer: no answer'),
      }),
    );
    // Nothing of that is the version's fault.
    expect(last.applications.every(({ target }) => target.mode === 'desired')).toBe(true);
  });

  it('stops nothing as long as a proxy is paused, for it goes on with what it knew', () => {
    const before = deployed();
    const id = [...before.traffic.keys()][0];
    const paused = edit(before, (one) => (one.id === id ? { ...one, state: 'paused' } : one));
    const silence = { kind: 'silent', since: 0, reason: 'it is paused' } as const;
    const traffic = new Map(
      [...paused.traffic].map(([one, reading]): readonly [ContainerId, ProxyReading] => [
        one,
        one === id ? { ...silence, startedAt: reading.startedAt } : reading,
      ]),
    );
    const refusal = { class: 'infrastructure', reason: 'EngineFailure', message: 'no' } as const;

    const { steps } = play({ ...release(paused, web('testapp:v2'), 2), traffic }, 60_000, {
      refuse: ({ action }) => (action.kind === 'unpause-container' ? refusal : null),
    });
    expect(actions({ steps })).toContain('create-container');
    expect(actions({ steps })).not.toContain('stop-container');
  });

  it('stops nothing as long as a proxy is on a host that cannot be seen', () => {
    const before = deployed();
    const host = containers(before).find(({ id }) => before.traffic.has(id))?.host ?? '';
    const dark = seeing(before, anUnreachableHost(host, { since: before.now }));

    const { steps } = play(release(dark, web('testapp:v2'), 2), 120_000);
    expect(actions({ steps })).not.toContain('stop-container');
  });

  it('says when a proxy has no backend for it', () => {
    const without = change(deployed(), (reading) =>
      reading.kind === 'silent'
        ? reading
        : { ...reading, state: { backends: [], servers: [], routes: {} } },
    );

    const { last, steps } = play(without, 60_000);
    expect(steps).toEqual([]);
    expect(last.settled).toBe(false);
    const reasons = last.applications.flatMap(({ conditions }) =>
      conditions.map((one) => one.message),
    );
    expect(reasons).toContainEqual(expect.stringContaining('has no backend "shop:web"'));
  });
});

const front = (mtu: string): NetworkSpec => ({
  name: 'shop_front',
  external: false,
  driver: 'bridge',
  internal: false,
  driverOpts: { mtu },
  labels: {},
  origin,
});
const onIt = (mtu: string): ApplicationSpec => {
  const service = web('testapp:v1');
  const networks = [{ network: 'shop_front', aliases: ['web'] }];
  const container = { ...service.container, networks };
  return anApplication([{ ...service, container }], { networks: [front(mtu)] });
};
const changing = (): World => {
  const before = run(withIngress(aWorld([edge, onIt('1500')]))).world;
  return withIngress(commit(before, [edge, onIt('9000')], 2));
};
const cutOff = ({ steps }: Decision): readonly ContainerId[] =>
  steps.flatMap(({ action }) => (action.kind === 'disconnect-network' ? [action.guard.id] : []));

describe('a network that is made anew under what is exposed', () => {
  it('takes nothing off that a proxy sends requests, and of the next host when the first gets them', () => {
    const ends: ContainerId[] = [];
    const { last, steps, world } = play(changing(), 120_000, {
      watch: (now, decision) => {
        guard(2)(now, decision);
        for (const id of cutOff(decision)) {
          expect(serverOf(now, id).filter((one) => one.isReady || one.sessions > 0)).toEqual([]);
          ends.push(id);
        }
      },
    });

    expect(ends).toHaveLength(3);
    expect(actions({ steps })).toContain('remove-network');
    expect(readings(world).map(({ state }) => state.servers.length)).toEqual([3, 3]);
    expect(last.settled).toBe(true);
  });

  it('takes nothing off as long as a proxy is silent', () => {
    const { steps } = play(silenced(changing()), 120_000);

    expect(actions({ steps })).not.toContain('disconnect-network');
  });

  it('gives requests back when it is not made anew after all', () => {
    const begun = playUntil(changing(), (world) =>
      readings(world).every(({ state }) => state.servers.some(({ isReady }) => !isReady)),
    ).world;
    const suspended = { ...onIt('9000'), suspend: true };

    const { world } = play(withIngress(commit(begun, [edge, suspended], 3)), 60_000);

    expect(readings(world).map(({ state }) => state.servers.length)).toEqual([3, 3]);
  });
});

describe('what is taken away', () => {
  it('by fewer replicas is withdrawn before it is stopped', () => {
    const next = release(deployed(), web('testapp:v1', { replicas: 1 }), 2);

    const { world } = play(next, 60_000, { watch: guard(1) });
    expect(shopOf(world)).toHaveLength(1);
    expect(readings(world).map(({ state }) => state.servers.length)).toEqual([1, 1]);
  });

  it('with its application keeps its requests until it is pruned', () => {
    const { world, last } = play(release(deployed(), null, 2), 120_000, { watch: guard(0) });

    expect(shopOf(world)).toEqual([]);
    expect(readings(world).map(({ state }) => [state.servers.length, state.routes])).toEqual([
      [0, {}],
      [0, {}],
    ]);
    expect(last.settled).toBe(true);
  });

  it('by a commit without expose gets no requests, and runs on', () => {
    const { expose: _expose, ...hidden } = web('testapp:v1');

    const { world, steps } = run(release(deployed(), hidden, 2));
    expect(shopOf(world)).toHaveLength(3);
    expect(new Set(actions({ steps }))).toEqual(
      new Set(['withdraw-endpoint', 'remove-endpoint', 'route-requests']),
    );
  });
});

/** The proxies have a backend for another application too. */
function configured(world: World, name: string): World {
  return change(world, (reading) => {
    if (reading.kind === 'silent') return reading;
    const { state } = reading;
    return { ...reading, state: { ...state, backends: [...state.backends, `${name}:web`] } };
  });
}

describe('requests that two ask for', () => {
  const moved = {
    expose: { host: 'shop.example.com', path: '/v2', port: 8080, drainTimeoutMs: 0 },
  };

  it.each(['alpha', 'zulu'])(
    'go to the one that the commit names, as soon as it may have some: %s',
    (name) => {
      const other = anApplication([web('testapp:v1')], { name });
      const shop = anApplication([web('testapp:broken', moved)]);
      const next = configured(withIngress(commit(deployed(), [edge, shop, other], 2)), name);

      const { world, last } = run(next, exits('testapp:broken'));

      const back = last.applications.find(({ application }) => application === 'shop');
      expect(back?.target.mode).not.toBe('desired');
      for (const { state } of readings(world)) {
        expect(state.routes['shop.example.com/']).toBe(`${name}:web`);
      }
    },
  );

  it.each(['alpha', 'zulu'])(
    'go to %s in the place of what is taken away, once it may have some',
    (name) => {
      const other = anApplication([web('testapp:v1')], { name });
      const next = configured(withIngress(commit(deployed(), [edge, other], 2)), name);
      const backend = `${name}:web`;
      const watch = (world: World, { steps }: Decision): void => {
        const turned = steps.filter(
          ({ action }) => action.kind === 'route-requests' && action.backend === backend,
        );
        const able = readings(world).filter(({ state }) =>
          state.servers.some((one) => one.isReady && one.backend === backend),
        );
        const routed = able.filter(({ state }) => state.routes['shop.example.com/'] === backend);
        expect(routed.length + turned.length).toBe(able.length);
      };

      const { world } = play(next, 120_000, { watch });

      for (const { state } of readings(world)) {
        expect(state.routes).toEqual({ 'shop.example.com/': backend });
      }
    },
  );
});

it('what nobody asks for is taken from a proxy bit by bit, however much it is', () => {
  const made = Array.from({ length: 1_000 }, (_, at) => `made-up-${at}`);
  const full = change(deployed(), (reading) => {
    if (reading.kind === 'silent') return reading;
    const { servers, routes } = reading.state;
    const unwanted = made.map((name) => {
      return { backend: 'x:y', name, address: '192.0.2.1', port: 1, isReady: false, sessions: 0 };
    });
    const state = {
      ...reading.state,
      servers: [...servers, ...unwanted],
      routes: { ...routes, ...Object.fromEntries(made.map((name) => [`${name}/`, 'x:y'])) },
    };
    return { ...reading, state };
  });

  expect(decide(full).steps).toHaveLength(800);
  const { world, last } = run(full);
  expect(last.settled).toBe(true);
  for (const { state } of readings(world)) {
    expect(state.servers).toHaveLength(3);
    expect(state.routes).toEqual({ 'shop.example.com/': 'shop:web' });
  }
});

it('a plan shows who is admitted and withdrawn, though no proxy was asked', () => {
  const next = { ...release(deployed(), web('testapp:v2'), 2), traffic: new Map() };

  const { waves, last } = predict(next);
  const kinds = waves.flat().map(({ action }) => action.kind);
  expect(last.settled).toBe(true);
  expect(kinds.filter((kind) => kind === 'stop-container')).toHaveLength(3);
  expect(kinds).toContain('admit-endpoint');
  expect(kinds).toContain('withdraw-endpoint');
});
