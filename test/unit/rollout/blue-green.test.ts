import { describe, expect, it } from 'vitest';

import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { asking, count, deployed, idsOf, play, shop, stepsOn } from './play.ts';
import { commit, containers, decisionOf, exits, run, running, stalledBy } from './scenario.ts';
import type { Fate } from './scenario.ts';

const bakeMs = 60_000;

const blueGreen: ServiceFacts = {
  replicas: 3,
  rollout: {
    strategy: 'blue-green',
    steps: [{ slots: { kind: 'percent', percent: 100 }, bakeMs }],
  },
};

const manual: ServiceFacts = {
  ...blueGreen,
  rollout: { ...blueGreen.rollout, promote: 'manual' },
};

function begun(facts: ServiceFacts): World {
  return commit(deployed('v1', facts), shop('v2', facts), 2);
}

/** One of green breaks when it has been promoted. */
const oneBreaks: Fate = ({ spec, restart, labels }) =>
  spec.image === 'testapp:v2' && restart.name !== 'no' && labels['fleetwright.slot'] === '2'
    ? { restartCount: 1 }
    : {};

describe('blue-green', () => {
  it('makes all of green beside all of blue, and touches no blue one meanwhile', () => {
    const start = begun(blueGreen);

    const { world, steps } = play(start, bakeMs);

    expect([count(world, 'v1'), count(world, 'v2')]).toEqual([3, 3]);
    expect(stepsOn(steps, idsOf(start))).toEqual([]);
  });

  it('makes green all at once, whatever the parallelism is', () => {
    const start = begun(blueGreen);

    const { steps } = play(start, 2_000);

    expect(steps.filter(({ action }) => action.kind === 'create-container')).toHaveLength(3);
  });

  it('retires all of blue at once after the bake, and not before', () => {
    const start = begun(blueGreen);
    let greenSince = 0;
    const { world, last } = play(start, 2 * bakeMs, {
      watch(now, decision) {
        const isWatched = decisionOf(decision).waiting.some(({ kind }) => kind === 'monitor');
        if (isWatched && greenSince === 0) greenSince = now.now;
        if (count(now, 'v1') < 3) expect(now.now).toBeGreaterThanOrEqual(greenSince + bakeMs);
        expect(decisionOf(decision).services[0]?.available).toBe(3);
      },
    });

    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
    expect(containers(world)).toHaveLength(3);
    expect(last.settled).toBe(true);
  });

  it.each<[string, Fate]>([
    ['at its start', exits('testapp:v2')],
    ['during its bake', oneBreaks],
  ])('gives up green when one of it fails %s, with no step on blue', (_name, fate) => {
    const start = begun(blueGreen);
    const blue = idsOf(start);

    const { world, steps, last } = play(start, 3 * bakeMs, { fate });

    expect(idsOf(world)).toEqual(blue);
    expect(stepsOn(steps, blue)).toEqual([]);
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('waits for "promote" where that is asked for', () => {
    const waiting = play(begun(manual), 3 * bakeMs);
    expect(stalledBy(waiting.last)).toBe('AwaitingPromotion');
    expect([count(waiting.world, 'v1'), count(waiting.world, 'v2')]).toEqual([3, 3]);

    const { world } = play(asking(waiting.world, 'promote'), bakeMs);

    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
  });

  it('goes over to the next commit: green of the one before goes, blue stays', () => {
    const start = play(begun(blueGreen), bakeMs / 2).world;
    const blue = idsOf(start, 'v1');

    const { world, steps } = play(commit(start, shop('v3', blueGreen), 3), bakeMs - 10_000);

    expect(idsOf(world, 'v1')).toEqual(blue);
    expect(stepsOn(steps, blue)).toEqual([]);
    expect([count(world, 'v2'), count(world, 'v3')]).toEqual([0, 3]);
  });

  it('goes back with a revert, with no step on blue', () => {
    const start = play(begun(blueGreen), bakeMs / 2).world;
    const blue = idsOf(start, 'v1');

    const { world, steps, last } = run(commit(start, shop('v1', blueGreen), 3));

    expect(idsOf(world)).toEqual(blue);
    expect(stepsOn(steps, blue)).toEqual([]);
    expect(last.settled).toBe(true);
  });

  it('brings blue back when green fails after blue has gone', () => {
    const watchedLong = { ...blueGreen, update: { monitorMs: 10 * bakeMs } };
    const start = commit(deployed('v1', blueGreen), shop('v2', watchedLong), 2);
    const done = play(start, 2 * bakeMs).world;
    expect(count(done, 'v1')).toBe(0);

    const { world, last } = play(done, 3 * bakeMs, { fate: oneBreaks });

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('may make fewer of green than there are of blue', () => {
    const { world } = play(
      commit(deployed('v1', blueGreen), shop('v2', { ...blueGreen, replicas: 2 }), 2),
      3 * bakeMs,
    );

    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2']);
  });
});
