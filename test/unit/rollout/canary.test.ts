import { describe, expect, it } from 'vitest';

import type { CanaryStep } from '../../../src/model/application.ts';
import type { PortSpec } from '../../../src/model/container.ts';
import type { World } from '../../../src/rollout/world.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { anUnreachableHost, aReachableHost, aWorld } from '../../support/builders.ts';
import { answerOf, asking, count, deployed, idsOf, made, play, playUntil, shop, stepsOn } from './play.ts';
import type { Fate } from './scenario.ts';
import { commit, containers, decisionOf, edit, exits, run, running, seeing, stalledBy } from './scenario.ts';

const bakeMs = 60_000;

function step(slots: number, unit: 'count' | 'percent' = 'count', bake = bakeMs): CanaryStep {
  return {
    slots: unit === 'count' ? { kind: 'count', count: slots } : { kind: 'percent', percent: slots },
    bakeMs: bake,
  };
}

function canary(steps: readonly CanaryStep[], facts: ServiceFacts = {}): ServiceFacts {
  return {
    replicas: 4,
    ...facts,
    rollout: { strategy: 'canary', steps, ...facts.rollout },
  };
}

const one = canary([step(1)]);
const two = canary([step(1), step(50, 'percent')]);
const manual = canary([step(1)], { rollout: { promote: 'manual' } });

/** v2 begins as a canary. */
function begun(facts: ServiceFacts): World {
  return commit(deployed('v1', facts), shop('v2', facts), 2);
}

/** All canaries of a step stand and are watched. */
function watched(facts: ServiceFacts, canaries = 1): World {
  return playUntil(
    begun(facts),
    (world, decision) =>
      count(world, 'v2') === canaries &&
      decisionOf(decision).waiting.some(({ kind }) => kind === 'monitor'),
  ).world;
}

/** v2 passes its gate, and breaks once it is promoted. */
const breaksLater: Fate = ({ spec, restart }) =>
  spec.image === 'testapp:v2' && restart.name !== 'no' ? { restartCount: 1 } : {};

function images(v1: number, v2: number): readonly string[] {
  return [
    ...Array.from({ length: v1 }, () => 'testapp:v1'),
    ...Array.from({ length: v2 }, () => 'testapp:v2'),
  ];
}

describe('canaries', () => {
  it('run beside the instances that they are to replace, and nothing else changes', () => {
    const start = begun(one);

    const { world, steps, last } = play(start, bakeMs);

    expect(running(world)).toEqual(images(4, 1));
    expect(made(steps, 'v2')).toEqual(['1']);
    expect(stepsOn(steps, idsOf(start))).toEqual([]);
    expect(decisionOf(last).rollout?.stages).toMatchObject([{ service: 'web', step: 1, of: 1 }]);
  });

  it('are promoted after their bake, and take over slot by slot', () => {
    const { world, last } = run(play(begun(one), bakeMs + 20_000).world);

    expect(running(world)).toEqual(images(0, 4));
    expect(last.settled).toBe(true);
    expect(world.journal.applications.get('shop')).toMatchObject({
      rollout: null,
      lastKnownGood: { commit: '2'.padStart(40, '0') },
    });
  });

  it('come step by step, each after the bake of the one before', () => {
    const seen: [number, number][] = [];
    const start = watched(two);
    play(start, 2.5 * bakeMs, {
      watch(world) {
        const now = count(world, 'v2');
        if (seen.at(-1)?.[1] !== now) seen.push([world.now - start.now, now]);
        if (now <= 2) expect(count(world, 'v1')).toBe(4);
      },
    });

    expect(seen.map(([, canaries]) => canaries).slice(0, 3)).toEqual([1, 2, 3]);
    expect(seen[1]?.[0]).toBeGreaterThanOrEqual(bakeMs - 2_000);
    expect(seen[2]?.[0]).toBeGreaterThanOrEqual(2 * bakeMs);
  });

  it('keep the promise of availability all the way', () => {
    play(begun(two), 4 * bakeMs, {
      watch(world, decision) {
        expect(decisionOf(decision).services[0]?.available).toBe(4);
        expect(containers(world).filter(({ state }) => state === 'running').length).toBeLessThanOrEqual(6);
      },
    });
  });

  it('are watched anew when one of them was away in between', () => {
    const start = play(watched(one), bakeMs - 10_000).world;
    const paused = edit(start, (container) =>
      container.spec.image === 'testapp:v2' ? { ...container, state: 'paused' } : container,
    );

    const after = play(paused, bakeMs - 10_000);

    expect(running(after.world)).toEqual(images(4, 1));
  });

  it.each([
    ['a bake', one, 40 * 60_000],
    ['a bake that follows another one', two, 40 * 60_000],
  ])('%s may be longer than the progress deadline', (_name, facts, long) => {
    const steps = facts.rollout?.steps?.map((each) => ({ ...each, bakeMs: long })) ?? [];
    const slow = canary(steps);

    const { world, entries } = play(begun(slow), (steps.length + 0.2) * long);

    expect(entries.filter(({ kind }) => kind === 'quarantined')).toEqual([]);
    expect(running(world)).toEqual(images(0, 4));
  });

  it('that never get well end at the progress deadline', () => {
    const facts = canary([step(1)], { gate: { healthyDeadlineMs: 60 * 60_000 } });
    const never: Fate = ({ spec }) => (spec.image === 'testapp:v2' ? { health: 'starting' } : {});

    const { world, last } = play(begun(facts), 11 * 60_000, { fate: never });

    expect(stalledBy(last)).toBe('RolledBack');
    expect(running(world)).toEqual(images(4, 0));
  });
});

describe('canaries that fail', () => {
  it.each<[string, Fate, World]>([
    ['before they are ready', exits('testapp:v2'), begun(one)],
    ['during their bake', breaksLater, begun(one)],
    ['during their bake: unhealthy', ({ spec }) => (spec.image === 'testapp:v2' ? { health: 'unhealthy' } : {}), watched(one)],
    ['in the second step', breaksLater, watched(two, 2)],
  ])('%s: they alone are removed, with no step on what serves', (_name, fate, start) => {
    const old = idsOf(start, 'v1');

    const { world, steps, last } = play(start, 3 * bakeMs, { fate });

    expect(idsOf(world)).toEqual(old);
    expect(stepsOn(steps, old)).toEqual([]);
    expect(made(steps, 'v1')).toEqual([]);
    expect(containers(world).every(({ restartCount }) => restartCount === 0)).toBe(true);
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('are not tried again', () => {
    const failed = play(begun(one), 60_000, { fate: exits('testapp:v2') }).world;

    const { steps } = play(failed, 30 * 60_000);

    expect(steps).toEqual([]);
  });
});

describe('old instances while canaries are watched', () => {
  it.each<[string, (world: World) => World]>([
    ['is gone', (world) => edit(world, (one_) => (isOld(one_, '3') ? null : one_))],
    ['was stopped', (world) => edit(world, (one_) => (isOld(one_, '3') ? { ...one_, state: 'exited' } : one_))],
  ])('one that %s is brought back at the old version', (_name, breaks) => {
    const { world } = play(breaks(watched(one)), 30_000);

    expect(running(world)).toEqual(images(4, 1));
  });

  it('one beside a canary that is gone is not missed: the canary serves, and is promoted', () => {
    const start = edit(watched(one), (each) => (isOld(each, '1') ? null : each));

    const { world, last } = play(start, 3 * bakeMs);

    expect(running(world)).toEqual(images(0, 4));
    expect(last.settled).toBe(true);
  });

  it('one beside a canary that is gone comes back when the canary fails', () => {
    const start = edit(watched(one), (each) => (isOld(each, '1') ? null : each));

    const { world } = play(start, 60_000, { fate: breaksLater });

    expect(running(world)).toEqual(images(4, 0));
  });
});

function isOld({ spec, labels }: { readonly spec: { readonly image: string }; readonly labels: Readonly<Record<string, string>> }, slot: string): boolean {
  return spec.image === 'testapp:v1' && labels['fleetwright.slot'] === slot;
}

describe('a canary in the middle of which', () => {
  it('more replicas are asked for: the new ones get the old version', () => {
    const { world } = play(commit(watched(one), shop('v2', { ...one, replicas: 6 }), 3), 40_000);

    expect(running(world)).toEqual(images(6, 1));
  });

  it('more replicas are asked for: a percentage reaches more slots', () => {
    const half = canary([step(50, 'percent', 5 * bakeMs)]);
    const start = watched(half, 2);

    const { world } = play(commit(start, shop('v2', { ...half, replicas: 6 }), 3), bakeMs);

    expect(running(world)).toEqual(images(6, 3));
  });

  it('fewer replicas are asked for: old ones go, the canary stays', () => {
    const { world } = play(commit(watched(one), shop('v2', { ...one, replicas: 2 }), 3), 40_000);

    expect(running(world)).toEqual(images(2, 1));
  });

  it('the commit is reverted: the canary goes, without a step on the others', () => {
    const start = watched(one);
    const old = idsOf(start, 'v1');

    const { world, steps, last } = run(commit(start, shop('v1', one), 3));

    expect(idsOf(world)).toEqual(old);
    expect(stepsOn(steps, old)).toEqual([]);
    expect(last.settled).toBe(true);
    expect(world.journal.applications.get('shop')?.rollout).toBeNull();
  });

  it('another commit arrives: its canaries take the place of the others, from the first step on', () => {
    const start = watched(two, 2);

    const { world } = play(commit(start, shop('v3', two), 3), bakeMs);

    expect(running(world)).toEqual([...images(4, 0), 'testapp:v3']);
  });

  it('the memory of the operator is lost: it goes on as if nothing were', () => {
    const start = watched(one);
    const old = idsOf(start, 'v1');

    const forgotten = { ...start, readiness: new Map(), failures: new Map() };
    const { world, steps } = play(forgotten, bakeMs - 10_000);

    expect(steps).toEqual([]);
    expect(idsOf(world, 'v1')).toEqual(old);
    expect(running(run(play(world, bakeMs).world).world)).toEqual(images(0, 4));
  });

  it('memory is lost at every pass: no step on the old ones before the promotion', () => {
    let world = begun(one);
    const old = idsOf(world);
    for (let passes = 0; passes < 20; passes += 1) {
      const after = play(world, 2_000);
      expect(stepsOn(after.steps, old)).toEqual([]);
      world = { ...after.world, readiness: new Map(), failures: new Map() };
    }
    expect(running(world)).toEqual(images(4, 1));
  });

  it('the host of the canary is away for a moment, long after the deadline: it is not held against it', () => {
    const long = canary([step(1, 'count', 60 * 60_000)]);
    const start = play(watched(long), 30 * 60_000).world;
    const host = containers(start).find(({ spec }) => spec.image === 'testapp:v2')?.host ?? '';
    const before = start.observations.get(host as never);
    if (before?.kind !== 'reachable') throw new Error('the canary has a host');

    const away = play(seeing(start, { ...anUnreachableHost(host), since: start.now }), 6_000);
    const back = play(seeing(away.world, { ...before, watchedSince: away.world.now }), 20_000);

    expect([...away.entries, ...back.entries].map(({ kind }) => kind)).not.toContain('quarantined');
    expect(running(back.world)).toEqual(images(4, 1));
  });
});

describe('a canary that waits for somebody', () => {
  const waiting = play(begun(manual), 5 * bakeMs).world;

  it('says so, and waits for ever', () => {
    const { world, last, steps } = play(waiting, 60 * 60_000);

    expect(steps).toEqual([]);
    expect(stalledBy(last)).toBe('AwaitingPromotion');
    expect(running(world)).toEqual(images(4, 1));
    expect(last.wakeAt).toBeNull();
  });

  it('goes on with "promote", with the whole deadline before it', () => {
    const long = play(waiting, 60 * 60_000).world;

    const promoted = play(asking(long, 'promote'), 120_000);

    expect(answerOf(promoted).accepted).toBe(true);
    expect(running(promoted.world)).toEqual(images(0, 4));
    expect(promoted.last.settled).toBe(true);
  });

  it('goes back with "abort", and with no step on the old ones', () => {
    const old = idsOf(waiting, 'v1');

    const aborted = play(asking(waiting, 'abort'), 120_000);

    expect(answerOf(aborted)).toMatchObject({ accepted: true });
    expect(idsOf(aborted.world)).toEqual(old);
    expect(stepsOn(aborted.steps, old)).toEqual([]);
    expect(stalledBy(aborted.last)).toBe('RolledBack');
  });

  it('fails like any other when its canary breaks', () => {
    const { world, last } = play(waiting, 60_000, { fate: breaksLater });

    expect(running(world)).toEqual(images(4, 0));
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('goes back when it is reverted', () => {
    const { world, last } = run(commit(waiting, shop('v1', manual), 3));

    expect(running(world)).toEqual(images(4, 0));
    expect(last.settled).toBe(true);
  });

  it('does not fail because the host of its canary is away for a moment', () => {
    const long = play(waiting, 60 * 60_000).world;
    const host = containers(long).find(({ spec }) => spec.image === 'testapp:v2')?.host ?? '';

    const { entries } = play(seeing(long, { ...anUnreachableHost(host), since: long.now }), 6_000);

    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
  });

  it('does not wait for the next commit: what was granted was for the one before', () => {
    const promoted = play(asking(waiting, 'promote'), 4_000).world;

    const { world, last } = play(commit(promoted, shop('v3', manual), 3), 5 * bakeMs);

    expect(stalledBy(last)).toBe('AwaitingPromotion');
    expect(count(world, 'v3')).toBe(1);
  });
});

describe('no canary', () => {
  it('is made by the first deployment', () => {
    const { world, last } = run(aWorld(shop('v1', manual)));

    expect(running(world)).toEqual(images(4, 0));
    expect(last.settled).toBe(true);
  });

  it('is made by a commit that goes back to last-known-good', () => {
    const failed = play(begun(one), 4_000).world;

    expect(decisionOf(decide(commit(failed, shop('v1', one), 3))).rollout?.stages ?? []).toEqual([]);
  });

  it('is made by a change of the number of replicas', () => {
    const { world, last } = run(commit(deployed('v1', manual), shop('v1', { ...manual, replicas: 6 }), 2));

    expect(running(world)).toEqual(images(6, 0));
    expect(last.settled).toBe(true);
  });
});

describe('canaries that cannot run beside', () => {
  const ports: readonly PortSpec[] = [{ target: 80, protocol: 'tcp', hostIp: '', published: '80' }];
  const fixed = canary([step(1)], { replicas: 3, container: { ports } });

  it('replace an instance, and the others stay', () => {
    const start = begun(fixed);
    const others = idsOf(start);

    const { world } = play(start, bakeMs);

    expect(running(world)).toEqual(images(2, 1));
    expect([...idsOf(world, 'v1')].every((id) => others.has(id))).toBe(true);
  });

  it('give the place back when they fail, with no step on the others', () => {
    const start = begun(fixed);
    const before = idsOf(start);

    const { world, steps } = play(start, 2 * bakeMs, { fate: breaksLater });

    expect(running(world)).toEqual(images(3, 0));
    expect(made(steps, 'v1')).toHaveLength(1);
    expect([...idsOf(world)].filter((id) => before.has(id))).toHaveLength(2);
  });
});

describe('canaries of a global service', () => {
  const everywhere = canary([step(1)], { mode: 'global' });

  it('come on so many hosts', () => {
    const { world } = play(begun(everywhere), bakeMs);

    expect(running(world)).toEqual(images(3, 1));
    expect(running(run(play(world, bakeMs).world).world)).toEqual(images(0, 3));
  });

  it('do not wait for a host that is away', () => {
    const hosts = ['host-1', 'host-2', 'host-3'];
    const before = deployed('v1', everywhere, hosts);
    const away = seeing(before, anUnreachableHost('host-1'));

    const { world, last } = play(commit(away, shop('v2', everywhere), 2), 15 * 60_000);

    expect(stalledBy(last)).not.toBe('RolledBack');
    expect(running(world)).toEqual(images(0, 2));
  });

  it('stay canaries when a host is added', () => {
    const start = watched(everywhere);
    const { fleet } = start.desired;
    const added = seeing(
      { ...start, desired: { ...start.desired, fleet: { ...fleet, hosts: [...fleet.hosts, { ...fleet.hosts[0], name: 'host-4' } as never] } } },
      aReachableHost('host-4'),
    );

    const { world } = play(added, 40_000);

    expect(running(world)).toEqual(images(4, 1));
  });
});
