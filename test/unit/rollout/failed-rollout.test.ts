import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import { aJournal, anApplication, aService, aWorld } from '../../support/builders.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  commit,
  containers,
  decisionOf,
  exits,
  kinds,
  pass,
  run,
  running,
  stalledBy,
  touched,
  type Fate,
} from './scenario.ts';

function shop(tag: string, facts: ServiceFacts = {}): readonly ApplicationSpec[] {
  const container = { image: `testapp:${tag}`, ...facts.container };
  return [anApplication([aService({ ...facts, container })])];
}

function deployed(tag: string, facts: ServiceFacts = {}): World {
  return run(aWorld(shop(tag, facts))).world;
}

/** The second version exits on these hosts. */
function exitsOn(...hosts: readonly string[]): Fate {
  return (container) => (hosts.includes(container.host) ? exits('testapp:v2')(container) : {});
}

/** The second version never becomes healthy. */
function startsForever({ spec }: ObservedContainer): Partial<ObservedContainer> {
  return spec.image === 'testapp:v2' ? { health: 'starting' } : {};
}

function idsOf(world: World): readonly string[] {
  return containers(world).map(({ id }) => id);
}

describe('a revision whose gate fails', () => {
  it('is rolled back, with the former instances untouched', () => {
    const before = deployed('v1', { replicas: 3 });

    const { world, steps, last } = run(
      commit(before, shop('v2', { replicas: 3 }), 2),
      exits('testapp:v2'),
    );

    expect(idsOf(world)).toEqual(idsOf(before));
    expect(touched(steps).filter((id) => idsOf(before).includes(id as never))).toEqual([]);
    expect(kinds(steps)).toEqual(['create-container 1', 'start-container 1', 'remove-container 1']);
    expect(decisionOf(last)).toMatchObject({ target: { mode: 'rollback' }, health: 'healthy' });
    expect(stalledBy(last)).toBe('RolledBack');
    expect(last.settled).toBe(false);
  });

  it('is quarantined with the commit, the place and the reason, before anything is undone', () => {
    const start = commit(deployed('v1'), shop('v2'), 2);

    const { entries, last } = run(start, exits('testapp:v2'));

    const failed = entries.find((entry) => entry.kind === 'quarantined');
    expect(failed).toMatchObject({
      quarantine: { service: 'web', slot: '1', reason: 'Exited', commit: '2'.padStart(40, '0') },
    });
    expect(decisionOf(last).conditions).toContainEqual(
      expect.objectContaining({
        type: 'Stalled',
        message: expect.stringMatching(
          /^web failed in 0{10}: web\/1 on host "host-\d": /,
        ) as string,
      }),
    );
  });

  it.each<[string, Fate]>([
    ['Unhealthy', () => ({ health: 'unhealthy' })],
    ['OutOfMemory', () => ({ state: 'exited', oomKilled: true, exitCode: 137 })],
    ['Exited', () => ({ state: 'restarting', exitCode: 1 })],
  ])('is rolled back for the reason %s', (reason, fate) => {
    const onlyNew: Fate = (container) =>
      container.spec.image === 'testapp:v2' ? fate(container) : {};

    const { last, world } = run(commit(deployed('v1'), shop('v2'), 2), onlyNew);

    expect(decisionOf(last).target.failed).toMatchObject([{ reason }]);
    expect(running(world)).toEqual(['testapp:v1']);
    expect(containers(world)).toHaveLength(1);
  });

  it('brings back what a stop-first update had taken away', () => {
    const ports = [{ target: 80, protocol: 'tcp', hostIp: '', published: '80' }] as const;
    const before = deployed('v1', { replicas: 2, container: { ports } });

    const { world, last } = run(
      commit(before, shop('v2', { replicas: 2, container: { ports } }), 2),
      exits('testapp:v2'),
    );

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(containers(world)).toHaveLength(2);
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('goes from a bad v2 over a bad v3 to v1', () => {
    const fate = exits('testapp:v2', 'testapp:v3');
    const second = run(commit(deployed('v1'), shop('v2'), 2), fate);

    const third = run(commit(second.world, shop('v3'), 3), fate);

    expect(running(third.world)).toEqual(['testapp:v1']);
    expect(third.world.journal.applications.get('shop')).toMatchObject({
      lastKnownGood: { commit: '1'.padStart(40, '0') },
      quarantined: [{ commit: '2'.padStart(40, '0') }, { commit: '3'.padStart(40, '0') }],
    });
  });

  it('is tried again when a commit mends the gate that it failed', () => {
    const impatient = { gate: { healthyDeadlineMs: 4_000 } };
    const failed = run(commit(deployed('v1'), shop('v2', impatient), 2), startsForever);
    expect(stalledBy(failed.last)).toBe('RolledBack');

    const mended = run(commit(failed.world, shop('v2'), 3));

    expect(running(mended.world)).toEqual(['testapp:v2']);
    expect(mended.last.settled).toBe(true);
  });

  it('is ready again with the revert, without a step', () => {
    const failed = run(commit(deployed('v1'), shop('v2'), 2), exits('testapp:v2'));

    const reverted = run(commit(failed.world, shop('v1'), 3), exits('testapp:v2'));

    expect(reverted.steps).toEqual([]);
    expect(reverted.last.settled).toBe(true);
    expect(reverted.world.journal.applications.get('shop')?.rollout).toBeNull();
  });
});

describe('a first deployment that fails', () => {
  const { world, last } = run(aWorld(shop('v1', { replicas: 3 })), exits('testapp:v1'));

  it('halts, since there is nothing to go back to', () => {
    expect(decisionOf(last).target.mode).toBe('halted');
    expect(stalledBy(last)).toBe('Halted');
    expect(last.steps).toEqual([]);
  });

  it('keeps the one stopped instance that failed, for whoever has to find out why', () => {
    expect(containers(world).map(({ state }) => state)).toEqual(['exited']);
    const [failed] = decisionOf(last).target.failed;
    expect(containers(world)[0]?.labels['fleetwright.slot']).toBe(failed?.slot);
  });

  it('goes on with the next commit', () => {
    const next = run(commit(world, shop('v2', { replicas: 3 }), 2), exits('testapp:v1'));

    expect(next.last.settled).toBe(true);
    expect(running(next.world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
    expect(containers(next.world)).toHaveLength(3);
  });
});

describe('update_config.failure_action', () => {
  it('pause: stops where it is, with the former instances running', () => {
    const facts = { replicas: 2, update: { failureAction: 'pause' } } as const;
    const before = deployed('v1', facts);

    const { world, last } = run(commit(before, shop('v2', facts), 2), exits('testapp:v2'));

    expect(stalledBy(last)).toBe('Halted');
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(idsOf(world)).toEqual(expect.arrayContaining([...idsOf(before)]));
  });

  it('continue: updates the other slots and reports the one that failed', () => {
    const facts = { replicas: 3, update: { failureAction: 'continue' } } as const;
    const { world, last, entries } = run(
      commit(deployed('v1', facts), shop('v2', facts), 2),
      exitsOn('host-1'),
    );

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v2', 'testapp:v2']);
    expect(entries.filter(({ kind }) => kind === 'quarantined')).toEqual([]);
    expect(stalledBy(last)).toBe('RolloutFailed');
  });
});

describe('update_config.max_failure_ratio', () => {
  const facts = { replicas: 3, update: { maxFailureRatio: 0.34 } };

  it.each([
    [['host-1'], 'RolloutFailed', ['testapp:v1', 'testapp:v2', 'testapp:v2']],
    [['host-1', 'host-2', 'host-3'], 'RolledBack', ['testapp:v1', 'testapp:v1', 'testapp:v1']],
  ])('judges failures on %j as %s', (bad, reason, images) => {
    const { world, last } = run(
      commit(deployed('v1', facts), shop('v2', facts), 2),
      exitsOn(...bad),
    );

    expect(stalledBy(last)).toBe(reason);
    expect(running(world)).toEqual(images);
  });
});

describe('a hash that failed', () => {
  const bad = exits('testapp:v2', 'testapp:v3');
  const moments = fc.array(
    fc.record({
      executed: fc.array(fc.nat(5), { maxLength: 3 }),
      tag: fc.option(fc.constantFrom('v1', 'v2', 'v3'), { freq: 3 }),
    }),
    { minLength: 5, maxLength: 40 },
  );

  it('is not made again, whatever is lost and whatever is committed (law)', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 3 }), (script, replicas) => {
        let world = deployed('v1', { replicas });
        for (const [index, { executed, tag }] of script.entries()) {
          if (tag !== null) world = commit(world, shop(tag, { replicas }), index + 2);
          const failed = world.journal.applications.get('shop')?.quarantined ?? [];
          const hashes = failed.map(({ hash }): string => hash);
          const decision = decide(world);
          for (const { action } of decision.steps) {
            if (action.kind === 'create-container') {
              expect(hashes).not.toContain(action.identity.hash);
            }
            if (action.kind === 'start-container') {
              expect(hashes).not.toContain(action.service?.hash);
            }
          }
          const chosen = new Set(executed.map((number) => number % decision.steps.length));
          const steps = decision.steps.filter((_step, at) => chosen.has(at));
          world = pass(world, decision, steps, bad);
        }
        const end = run(world, bad).world;
        expect(running(end)).toEqual(Array.from({ length: replicas }, () => 'testapp:v1'));
      }),
      { numRuns: 100 },
    );
  });
});

describe('a journal that is lost', () => {
  it('is learnt anew from a fleet that is as it should be, without a step', () => {
    const world = deployed('v1', { replicas: 3 });

    const again = run(commit({ ...world, journal: aJournal() }, shop('v1', { replicas: 3 }), 1));

    expect(again.steps).toEqual([]);
    expect(again.last.settled).toBe(true);
    expect(again.world.journal.applications.get('shop')?.lastKnownGood?.spec).toEqual(
      shop('v1', { replicas: 3 })[0],
    );
  });

  it('costs one more try of what had failed, and nothing of what runs', () => {
    const before = deployed('v1', { replicas: 2 });
    const bad = shop('v2', { replicas: 2 });
    const failed = run(commit(before, bad, 2), exits('testapp:v2'));

    const again = run(
      commit({ ...failed.world, journal: aJournal() }, bad, 2),
      exits('testapp:v2'),
    );

    expect(running(again.world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(kinds(again.steps).filter((kind) => kind.startsWith('create'))).toHaveLength(1);
    expect(idsOf(again.world)).toEqual(expect.arrayContaining([...idsOf(before)]));
  });
});
