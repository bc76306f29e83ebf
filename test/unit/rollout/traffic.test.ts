import { describe, expect, it } from 'vitest';

import type { ProxyReading } from '../../../src/model/traffic.ts';
import { serverName } from '../../../src/model/traffic.ts';
import { toContainerId, type ContainerId } from '../../../src/model/names.ts';

import { decide } from '../../../src/rollout/decide.ts';

import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { anUnreachableHost } from '../../support/builders.ts';
import { play, playUntil } from './play.ts';

import { containers, edit, run, seeing } from './scenario.ts';

import {
  web,
  overridden,
  release,
  deployed,
  shopOf,
  readings,
  change,
  withSessions,
  silenced,
  serverOf,
  guard,
  stops,
  actions,
} from './traffic-scenario.ts';

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
