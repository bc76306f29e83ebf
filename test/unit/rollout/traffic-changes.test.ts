import { describe, expect, it } from 'vitest';

import type { ApplicationSpec, NetworkSpec } from '../../../src/model/application.ts';

import { type ContainerId } from '../../../src/model/names.ts';
import type { Decision } from '../../../src/rollout/decide.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';

import { anApplication, aWorld, origin } from '../../support/builders.ts';
import { play, playUntil } from './play.ts';

import { commit, exits, run } from './scenario.ts';

import {
  edge,
  web,
  withIngress,
  release,
  deployed,
  shopOf,
  readings,
  change,
  silenced,
  serverOf,
  guard,
  actions,
} from './traffic-scenario.ts';

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
