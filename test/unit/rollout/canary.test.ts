import { describe, expect, it } from 'vitest';

import type { PortSpec } from '../../../src/model/container.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import { aWorld } from '../../support/builders.ts';
import {
  bakeMs,
  begun,
  breaksLater,
  canary,
  images,
  manual,
  one,
  step,
  two,
  watched,
} from './canaries.ts';
import { count, deployed, idsOf, made, neverReady, play, shop, stepsOn } from './play.ts';
import type { Fate } from './scenario.ts';
import {
  commit,
  containers,
  decisionOf,
  edit,
  exits,
  run,
  running,
  stalledBy,
} from './scenario.ts';

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

  it('are watched anew from a start that nobody saw', () => {
    const { world } = play(begun(one), bakeMs - 4_000);
    const rebooted = edit(world, (container) =>
      container.spec.image === 'testapp:v2' ? { ...container, startedAt: world.now } : container,
    );

    expect(made(play(world, 20_000).steps, 'v2')).not.toEqual([]);
    expect(made(play(rebooted, 20_000).steps, 'v2')).toEqual([]);
  });

  it('come step by step, each after the bake of the one before', () => {
    const seen: [number, number][] = [];
    const start = watched(two);
    play(start, 2.5 * bakeMs, {
      watch(world) {
        const now = count(world, 'v2');
        if (seen.at(-1)?.[1] !== now) seen.push([world.now - start.now, now]);
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
        expect(
          containers(world).filter(({ state }) => state === 'running').length,
        ).toBeLessThanOrEqual(6);
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
    const { world, last } = play(begun(facts), 11 * 60_000, { fate: neverReady });

    expect(stalledBy(last)).toBe('RolledBack');
    expect(running(world)).toEqual(images(4, 0));
  });
});

describe('canaries that fail', () => {
  it.each<[string, Fate, World]>([
    ['before they are ready', exits('testapp:v2'), begun(one)],
    ['during their bake', breaksLater, begun(one)],
    [
      'during their bake: unhealthy',
      ({ spec }) => (spec.image === 'testapp:v2' ? { health: 'unhealthy' } : {}),
      watched(one),
    ],
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
    ['is gone', (world) => edit(world, (each) => (isOld(each, '3') ? null : each))],
    [
      'was stopped',
      (world) => edit(world, (each) => (isOld(each, '3') ? { ...each, state: 'exited' } : each)),
    ],
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

function isOld(
  { spec, labels }: Pick<ObservedContainer, 'spec' | 'labels'>,
  slot: string,
): boolean {
  return spec.image === 'testapp:v1' && labels['fleetwright.slot'] === slot;
}

describe('no canary', () => {
  it('is made by the first deployment', () => {
    const { world, last } = run(aWorld(shop('v1', manual)));

    expect(running(world)).toEqual(images(4, 0));
    expect(last.settled).toBe(true);
  });

  it('is made by a commit that goes back to last-known-good', () => {
    const failed = play(begun(one), 4_000).world;

    expect(decisionOf(decide(commit(failed, shop('v1', one), 3))).rollout?.stages ?? []).toEqual(
      [],
    );
  });

  it('is made by a change of the number of replicas', () => {
    const { world, last } = run(
      commit(deployed('v1', manual), shop('v1', { ...manual, replicas: 6 }), 2),
    );

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
