import { expect } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import { withCombinedHashes } from '../../../src/model/hash.ts';
import type { ProxyGroup, ProxyReading, ProxyServer } from '../../../src/model/traffic.ts';
import { serverName } from '../../../src/model/traffic.ts';
import { toHostName, type ContainerId } from '../../../src/model/names.ts';
import type { Decision } from '../../../src/rollout/decide.ts';
import { decide } from '../../../src/rollout/decide.ts';

import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { anApplication, aService, aWorld, origin } from '../../support/builders.ts';

import type { Run } from './scenario.ts';
import { commit, containers, run } from './scenario.ts';

export const ingress: ProxyGroup = {
  role: 'ingress',
  driver: 'haproxy',
  application: 'edge',
  service: 'haproxy',
  command: ['nc'],
  routes: '/routes.map',
  origin,
};

export const edge = anApplication([aService({ name: 'haproxy', replicas: 2, spread: ['zone'] })], {
  name: 'edge',
});

export function web(image: string, facts: ServiceFacts = {}): ServiceSpec {
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

export function overridden(tag: string, port: number): ServiceSpec {
  const variants = [{ hosts: [toHostName('host-1')], service: listening(`${tag}-arm`, port) }];
  const [service] = withCombinedHashes([{ ...listening(tag, port), variants }]);
  if (service === undefined) throw new Error('there is a service');
  return service;
}

export function withIngress(world: World): World {
  const { desired } = world;
  return { ...world, desired: { ...desired, fleet: { ...desired.fleet, proxies: [ingress] } } };
}

/** The applications of the fleet, with another version of the shop. */
export function release(world: World, service: ServiceSpec | null, seed: number): World {
  const shop = service === null ? [] : [anApplication([service])];
  return withIngress(commit(world, [edge, ...shop], seed));
}

/** Everything is deployed, and the proxies know of it. */
export function deployed(service = web('testapp:v1')): World {
  return run(withIngress(aWorld([edge, anApplication([service])]))).world;
}

export function shopOf(world: World): ReturnType<typeof containers> {
  return containers(world).filter(({ name }) => name.startsWith('shop-'));
}

export function readings(world: World): readonly Extract<ProxyReading, { kind: 'read' }>[] {
  return [...world.traffic.values()].flatMap((one) => (one.kind === 'read' ? [one] : []));
}

export function change(world: World, one: (reading: ProxyReading) => ProxyReading): World {
  return { ...world, traffic: new Map([...world.traffic].map(([id, each]) => [id, one(each)])) };
}

/** Requests are on their way to each server that is on its way out. */
export function withSessions(world: World, sessions: number): World {
  return change(world, (reading) => {
    if (reading.kind === 'silent') return reading;
    const servers = reading.state.servers.map((one) => (one.isReady ? one : { ...one, sessions }));
    const leaving = servers.filter(({ isReady }) => !isReady);
    const since = (name: string): number => reading.leavingSince[name] ?? world.now;
    const leavingSince = Object.fromEntries(leaving.map(({ name }) => [name, since(name)]));
    return { ...reading, state: { ...reading.state, servers }, leavingSince };
  });
}

export function silenced(world: World, since = 0): World {
  return change(world, ({ startedAt }) => {
    return { kind: 'silent', startedAt, since, reason: 'no answer' };
  });
}

export function serverOf(world: World, id: ContainerId): readonly ProxyServer[] {
  const container = containers(world).find((one) => one.id === id);
  if (container === undefined) return [];
  const name = serverName(container.host, container);
  return readings(world).flatMap(({ state }) =>
    state.servers.filter((server) => server.name === name),
  );
}

/** Fails when something is stopped that may be sent requests, or when a proxy has fewer than these to send them to. */
export function guard(least: number): (world: World, decision: Decision) => void {
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

export function stops(world: World): number {
  return decide(world).steps.filter(({ action }) => action.kind === 'stop-container').length;
}

export const actions = ({ steps }: Pick<Run, 'steps'>): readonly string[] =>
  steps.map(({ action }) => action.kind);
