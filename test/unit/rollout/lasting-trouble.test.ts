import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import { predict } from '../../../src/rollout/predict.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { aConstraint, aHost, anApplication, aService, aWorld } from '../../support/builders.ts';
import { commit, containers, edit, pass, run, running } from './scenario.ts';
import type { Fate } from './scenario.ts';

function shop(facts: Parameters<typeof aService>[0] = {}): readonly ApplicationSpec[] {
  return [anApplication([aService(facts)])];
}

function only(image: string, change: Partial<ObservedContainer>): Fate {
  return ({ spec }) => (spec.image === image ? change : {});
}

const finishes: Fate = () => ({ state: 'exited', exitCode: 0, published: [] });

describe('a job with restart "no"', () => {
  const job = shop({ container: { restart: { name: 'no', maximumRetryCount: 0 } } });
  it('converges when it exits with 0, and is not run again', () => {
    const first = run(aWorld(job), finishes);
    const again = run(first.world, finishes);

    expect(first.last.settled).toBe(true);
    expect(again.steps).toEqual([]);
  });
});

/** v2 passes its gate and turns bad only once it is promoted. */
function turnsBad(change: Partial<ObservedContainer>): Fate {
  return ({ spec, restart }) =>
    spec.image === 'testapp:v2' && restart.name !== 'no' ? change : {};
}

describe('trouble after promotion', () => {
  it.each([
    ['unhealthy', { health: 'unhealthy' }],
    ['restarted', { restartCount: 1 }],
  ] as const)('rolls back while the new revision is watched: %s', (_name, change) => {
    const world = run(aWorld(shop({ replicas: 2 }))).world;
    const next = commit(world, shop({ replicas: 2, container: { image: 'testapp:v2' } }), 2);

    const after = run(next, turnsBad(change));

    expect(after.last.applications[0]?.target.mode).toBe('rollback');
    expect(running(after.world)).toEqual(['testapp:v1', 'testapp:v1']);
  });

  it('halts a first deploy, and then rests', () => {
    const fate = only('testapp:v1', { health: 'unhealthy' });

    const after = run(aWorld(shop()), fate);

    expect(after.last.applications[0]?.target.mode).toBe('halted');
    expect(after.entries.filter(({ kind }) => kind === 'quarantined')).toHaveLength(1);
  });

  it('is said, and left alone, once the revision has proved itself', () => {
    const world = run(aWorld(shop())).world;

    const after = run(world, () => ({ health: 'unhealthy' }));

    expect(after.steps).toEqual([]);
    expect(after.last.applications[0]?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Stalled', status: true, reason: 'Unhealthy' }),
    );
  });
});

describe('a failure', () => {
  it('is forgotten for another gate: a commit that mends only the gate is another try', () => {
    const world = run(aWorld(shop())).world;
    const bad = { container: { image: 'testapp:v2' }, gate: { healthyDeadlineMs: 1_000 } };
    const failed = run(commit(world, shop(bad), 2), only('testapp:v2', { state: 'exited' }));

    const mended = { ...bad, gate: { healthyDeadlineMs: 30_000 } };
    const after = run(commit(failed.world, shop(mended), 3));

    expect(failed.last.applications[0]?.target.mode).toBe('rollback');
    expect(after.last.settled).toBe(true);
    expect(running(after.world)).toEqual(['testapp:v2']);
  });

  it('of a start waits for its next try, also for a hash that has proved itself', () => {
    const world = run(aWorld(shop())).world;
    const stopped = edit(world, (container) => ({ ...container, state: 'exited' }));
    const service = stopped.desired.applications[0]?.services[0];
    const failures = new Map([
      [
        'shop/web/1',
        {
          action: 'start-container' as const,
          hash: service?.hash ?? '',
          failure: { class: 'revision' as const, reason: 'CannotStart', message: 'no such file' },
          attempts: 1,
          retryAt: stopped.now + 60_000,
        },
      ],
    ]);

    const decision = decide({ ...stopped, failures });

    expect(decision.steps).toEqual([]);
    expect(decision.wakeAt).toBe(stopped.now + 60_000);
  });

  it('of another version does not hold back its successor', () => {
    const world = run(aWorld(shop())).world;
    const next = commit(world, shop({ container: { image: 'testapp:v2' } }), 2);
    const failures = new Map([
      [
        'shop/web/1',
        {
          action: 'start-container' as const,
          hash: 'the hash of a version that is past',
          failure: { class: 'capacity' as const, reason: 'PortConflict', message: 'taken' },
          attempts: 1,
          retryAt: next.now + 60_000,
        },
      ],
    ]);

    const decision = decide({ ...next, failures });

    expect(decision.steps.map(({ action }) => action.kind)).toEqual(['create-container']);
  });

  it('of one instance marks no other entry of the same decision as done', () => {
    const world = run(aWorld(shop({ replicas: 3 }))).world;
    const next = commit(
      world,
      shop({ replicas: 3, container: { image: 'testapp:v2' }, update: { parallelism: 3 } }),
      2,
    );
    const fate = only('testapp:v2', { state: 'exited', exitCode: 1 });
    let now = next;
    for (let round = 0; round < 10; round += 1) {
      const decision = decide(now);
      const kinds = decision.entries.map(({ kind }) => kind);
      if (kinds.includes('quarantined')) {
        expect(decision.steps).toEqual([]);
        expect(kinds.filter((kind) => kind === 'quarantined')).toHaveLength(1);
        expect(kinds).not.toContain('promoted');
        expect(kinds).not.toContain('slot-reserved');
        return;
      }
      now = pass(now, decision, decision.steps, fate);
    }
    expect.unreachable('it never failed');
  });
});

describe('an application of which not every slot can be placed', () => {
  const service = aService({ name: 'web', replicas: 1 });
  const nowhere = aService({
    name: 'api',
    constraints: [aConstraint('node.labels.zone == mars')],
  });

  it('is not begun', () => {
    const after = run(aWorld([anApplication([nowhere, service])]));

    expect(after.steps).toEqual([]);
  });

  it('is still repaired where it once ran well', () => {
    const world = run(aWorld([anApplication([service])])).world;
    const grown = commit(world, [anApplication([nowhere, service])], 2);
    const broken = edit(grown, (container) => ({ ...container, state: 'exited' }));

    const after = run(broken);

    expect(after.steps.map(({ action }) => action.kind)).toEqual(['start-container']);
  });

  it('does not shorten the plan of another', () => {
    const stuck = anApplication([nowhere], { name: 'stuck' });
    const rolling = anApplication([aService({ replicas: 3 })]);
    const alone = predict(aWorld([rolling]));

    const beside = predict(aWorld([stuck, rolling]));

    expect(beside.waves).toEqual(alone.waves);
  });
});

function webOn(host: string): readonly ApplicationSpec[] {
  return [anApplication([aService({ constraints: [aConstraint(`node.hostname == ${host}`)] })])];
}

describe('a slot that moves', () => {
  it('is no drift: neither missing nor a duplicate', () => {
    const hosts = ['host-1', 'host-2'];
    const world = run(aWorld(webOn('host-1'), hosts)).world;
    let now = commit(world, webOn('host-2'), 2);
    const seen = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const decision = decide(now);
      for (const item of decision.drift) seen.add(item.class);
      now = pass(now, decision, decision.steps, () => ({}));
    }

    expect([...seen]).toEqual([]);
    expect(containers(now).map(({ host }) => host)).toEqual([aHost('host-2').name]);
  });
});
