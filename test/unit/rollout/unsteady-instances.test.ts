import { describe, expect, it } from 'vitest';

import { decide } from '../../../src/rollout/decide.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { deployed, idsOf, play, shop } from './play.ts';
import type { Fate } from './scenario.ts';
import { commit, decisionOf, edit, run, running, stalledBy } from './scenario.ts';

const facts: ServiceFacts = { replicas: 2 };

const check = {
  test: ['CMD', 'check'],
  intervalMs: 10_000,
  timeoutMs: 2_000,
  startPeriodMs: null,
  startIntervalMs: null,
  retries: null,
};

const endsWell: Fate = ({ spec }) =>
  spec.image === 'testapp:v2' ? { state: 'exited', exitCode: 0, published: [] } : {};

describe('a new version that', () => {
  it('exits with code 0 at once has failed all the same', () => {
    const before = deployed('v1', facts);

    const { world, last } = run(commit(before, shop('v2', facts), 2), endsWell);

    expect(stalledBy(last)).toBe('RolledBack');
    expect(decisionOf(last).target.failed).toMatchObject([{ reason: 'Exited' }]);
    expect(idsOf(world)).toEqual(idsOf(before));
  });

  it('is ready for less than minHealthyTime again and again is never promoted', () => {
    const gated: ServiceFacts = {
      ...facts,
      gate: { minHealthyTimeMs: 5_000, healthyDeadlineMs: 60_000 },
    };
    const before = deployed('v1', gated);
    let looks = 0;
    const flaps: Fate = ({ spec }) => {
      if (spec.image !== 'testapp:v2') return {};
      looks += 1;
      return { health: looks % 3 === 0 ? 'starting' : 'healthy' };
    };

    const { world, last, entries } = play(commit(before, shop('v2', gated), 2), 180_000, {
      fate: flaps,
    });

    expect(looks).toBeGreaterThan(20);
    expect(entries.map(({ kind }) => kind)).not.toContain('promoted');
    expect(stalledBy(last)).toBe('RolledBack');
    expect(idsOf(world)).toEqual(idsOf(before));
  });
});

describe('an instance that was paused by hand', () => {
  it('is not made anew for the verdict that its HEALTHCHECK has until the next probe', () => {
    const start = deployed('v1', facts);
    const paused = edit(start, (container) => ({
      ...container,
      state: 'paused',
      health: 'unhealthy',
    }));

    const lifted = play(paused, 20_000);
    const { world, last } = run(
      edit(lifted.world, (container) => ({ ...container, health: 'healthy' })),
    );

    expect(decide(paused).steps.map(({ action }) => action.kind)).toEqual([
      'unpause-container',
      'unpause-container',
    ]);
    expect(idsOf(world)).toEqual(idsOf(start));
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(last.settled).toBe(true);
  });
});

it('that were paused in the watch are not held against the revision before their check has run again', () => {
  const long = { replicas: 2, update: { monitorMs: 600_000 } };
  const watched = play(commit(deployed('v1', long), shop('v2', long), 2), 60_000).world;
  const paused = edit(watched, (one) =>
    one.labels['fleetwright.slot'] === '1'
      ? { ...one, state: 'paused', health: 'unhealthy', spec: { ...one.spec, healthcheck: check } }
      : one,
  );

  const { world, entries } = play(paused, 3_000);
  const forgiven = play(
    edit(world, (one) => ({ ...one, health: 'none' })),
    60_000,
  );
  const sick = play(world, 60_000);

  expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
  expect(running(forgiven.world)).toEqual(['testapp:v2', 'testapp:v2']);
  expect(sick.entries.map(({ kind }) => kind)).toContain('quarantined');
});
