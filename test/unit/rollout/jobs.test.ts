import { describe, expect, it } from 'vitest';

import type { ApplicationSpec, JobPolicy } from '../../../src/model/application.ts';
import { withCombinedHashes } from '../../../src/model/hash.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import type { Step } from '../../../src/model/step.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  aJournal,
  anApplication,
  anUnreachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';
import { asking, count, idsOf, made, play, stepsOn } from './play.ts';
import {
  commit,
  containers,
  decisionOf,
  edit,
  run,
  running,
  seeing,
  stalledBy,
} from './scenario.ts';
import type { Fate } from './scenario.ts';

const minute = 60_000;

/** An application with a service and a job, both of one version. */
function app(
  tag: string,
  when: JobPolicy['when'],
  facts: ServiceFacts = {},
): readonly ApplicationSpec[] {
  const image = `testapp:${tag}`;
  const job = aService({
    name: 'job',
    job: { when },
    container: { image, restart: { name: 'no', maximumRetryCount: 0 } },
    gate: { healthyDeadlineMs: 5 * minute },
    update: { failureAction: facts.update?.failureAction ?? 'rollback' },
  });
  const web = aService({ replicas: 2, ...facts, container: { image } });
  return [anApplication(withCombinedHashes([job, web]))];
}

function deployedWith(when: JobPolicy['when'], facts: ServiceFacts = {}): World {
  return run(aWorld(app('v1', when, facts))).world;
}

/** Jobs of v2 come to this end. */
function jobOf2(change: Partial<ObservedContainer>): Fate {
  return ({ spec, name }) =>
    spec.image === 'testapp:v2' && name.startsWith('shop-job') ? change : {};
}

/** The service of v2 exits as soon as it is started. */
const webExits: Fate = ({ spec, name }) =>
  spec.image === 'testapp:v2' && name.startsWith('shop-web')
    ? { state: 'exited', exitCode: 1, published: [] }
    : {};

const fails = jobOf2({ state: 'exited', exitCode: 3 });
const runsOn = jobOf2({ state: 'running', exitCode: 0, finishedAt: null });

function started(steps: readonly Step[], service: string): readonly string[] {
  return steps.flatMap(({ action }) =>
    action.kind === 'start-container' && action.service?.name === service
      ? [action.service.container.image]
      : [],
  );
}

const webIsSlow: Fate = ({ spec, name }) =>
  spec.image === 'testapp:v2' && name.startsWith('shop-web') ? { health: 'starting' } : {};

describe('a job before', () => {
  it('runs in the first deployment before anything else is made', () => {
    const { steps, last } = run(aWorld(app('v1', 'before')));
    const order = steps.map(({ action, service }) => `${action.kind} ${service}`);

    expect(order.indexOf('start-container job')).toBeLessThan(
      order.indexOf('create-container web'),
    );
    expect(order.filter((one) => one === 'start-container job')).toHaveLength(1);
    expect(last.settled).toBe(true);
  });

  it('runs once per version, before anything of it is started or anything old is stopped', () => {
    const start = commit(deployedWith('before'), app('v2', 'before'), 2);
    const held = play(start, 4 * minute, { fate: runsOn });

    expect(started(held.steps, 'job')).toEqual(['testapp:v2']);
    expect(
      made(
        held.steps.filter(({ service }) => service === 'web'),
        'v2',
      ),
    ).toEqual([]);
    expect(stepsOn(held.steps, idsOf(start, 'v1'))).toEqual([]);

    const done = run(
      play(held.world, 2_000, { fate: jobOf2({ state: 'exited', exitCode: 0 }) }).world,
    );
    expect(started(done.steps, 'job')).toEqual([]);
    expect(running(done.world)).toEqual(['testapp:v2', 'testapp:v2']);
    expect(done.last.settled).toBe(true);
  });

  it.each<[string, Fate]>([
    ['fails', fails],
    ['takes too long', runsOn],
    ['cannot be executed', jobOf2({ state: 'exited', exitCode: 127 })],
    ['is killed for want of memory', jobOf2({ state: 'exited', exitCode: 137, oomKilled: true })],
  ])('that %s is rolled back, with nothing of the new version started', (_name, fate) => {
    const start = commit(deployedWith('before'), app('v2', 'before'), 2);
    const old = new Set(
      containers(start)
        .filter(({ name }) => name.includes('web'))
        .map(({ id }): string => id),
    );

    const { world, steps, last } = play(start, 10 * minute, { fate });

    expect(stalledBy(last)).toBe('RolledBack');
    expect(decisionOf(last).target.failed).toMatchObject([{ service: 'job' }]);
    expect(started(steps, 'job')).toEqual(['testapp:v2']);
    expect(started(steps, 'web')).toEqual([]);
    expect(stepsOn(steps, old)).toEqual([]);
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
  });

  it('is not run again by the rollback, nor by the revert', () => {
    const start = commit(deployedWith('before'), app('v2', 'before'), 2);

    const failed = run(start, webExits);
    const reverted = run(commit(failed.world, app('v1', 'before'), 3), webExits);

    expect(started(failed.steps, 'job')).toEqual(['testapp:v2']);
    expect(started(reverted.steps, 'job')).toEqual([]);
    expect(stalledBy(failed.last)).toBe('RolledBack');
    expect(reverted.last.settled).toBe(true);
  });

  it.each([
    ['when its container is removed', (world: World) => withoutJob(world)],
    [
      'when the operator is started again',
      (world: World) => ({ ...world, readiness: new Map(), failures: new Map() }),
    ],
    [
      'when the number of replicas changes',
      (world: World) => commit(world, app('v1', 'before', { replicas: 4 }), 2),
    ],
    [
      'when the journal is lost and its container is there',
      (world: World) => commit({ ...world, journal: aJournal() }, app('v1', 'before'), 1),
    ],
  ])('is not run again %s', (_name, change) => {
    const { steps, last } = run(change(deployedWith('before')));

    expect(started(steps, 'job')).toEqual([]);
    expect(last.settled).toBe(true);
    expect(last.drift).toEqual([]);
  });

  it('runs again with the next version, and leaves one record of itself', () => {
    const { world, steps } = run(commit(deployedWith('before'), app('v2', 'before'), 2));

    expect(started(steps, 'job')).toEqual(['testapp:v2']);
    expect(containers(world).filter(({ name }) => name.startsWith('shop-job'))).toHaveLength(1);
  });

  it('is tried once more with "retry"', () => {
    const failed = play(commit(deployedWith('before'), app('v2', 'before'), 2), 2 * minute, {
      fate: fails,
    }).world;

    const { world, steps } = play(asking(failed, 'retry'), 3 * minute);

    expect(started(steps, 'job')).toEqual(['testapp:v2']);
    expect(count(world, 'v2')).toBe(2);
  });

  it('comes before the canaries, and does not run again when they are promoted', () => {
    const canary: ServiceFacts = {
      rollout: {
        strategy: 'canary',
        steps: [{ slots: { kind: 'count', count: 1 }, bakeMs: minute }],
      },
    };
    const start = commit(deployedWith('before', canary), app('v2', 'before', canary), 2);

    const { world, steps, last } = play(start, 4 * minute);

    expect(started(steps, 'job')).toEqual(['testapp:v2']);
    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2']);
    expect(last.settled).toBe(true);
  });

  it('that takes long leaves the services their whole deadline', () => {
    const start = commit(deployedWith('before'), app('v2', 'before'), 2);
    const long = play(start, 4.5 * minute, { fate: runsOn }).world;
    const done = edit(long, (one) =>
      one.name.startsWith('shop-job') && one.state === 'running'
        ? { ...one, state: 'exited', exitCode: 0, finishedAt: long.now }
        : one,
    );

    const { entries } = play(done, 50_000, { fate: webIsSlow });

    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
  });

  it('is not repeated over and over where failures are tolerated', () => {
    const lenient: ServiceFacts = { update: { failureAction: 'continue' } };
    const start = commit(deployedWith('before', lenient), app('v2', 'before', lenient), 2);

    const { steps } = play(start, 20 * minute, { fate: fails });

    expect(started(steps, 'job')).toEqual(['testapp:v2']);
    expect(started(steps, 'web')).toEqual([]);
  });

  it('that fails stops the rollout where failures pause it', () => {
    const paused: ServiceFacts = { update: { failureAction: 'pause' } };
    const start = commit(deployedWith('before', paused), app('v2', 'before', paused), 2);

    const { steps, last, world } = play(start, 20 * minute, { fate: fails });

    expect(stalledBy(last)).toBe('Halted');
    expect(started(steps, 'web')).toEqual([]);
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
  });
});

function withoutJob(world: World): World {
  return edit(world, (one) => (one.name.startsWith('shop-job') ? null : one));
}

describe('a job after', () => {
  it('runs when all of the version is in place, and before it is last-known-good', () => {
    const start = commit(deployedWith('after'), app('v2', 'after'), 2);
    let ranWith = -1;
    const { entries, steps, last } = play(start, 3 * minute, {
      watch(world, decision) {
        if (started(decision.steps, 'job').length > 0) ranWith = count(world, 'v2');
      },
    });
    const job = containers(play(start, 3 * minute).world).find(({ name }) =>
      name.startsWith('shop-job'),
    );
    const succeeded = entries.find((entry) => entry.kind === 'succeeded');

    expect(started(steps, 'job')).toEqual(['testapp:v2']);
    expect(ranWith).toBe(2);
    expect(succeeded?.kind === 'succeeded' && succeeded.at >= (job?.finishedAt ?? Infinity)).toBe(
      true,
    );
    expect(last.settled).toBe(true);
  });

  it('waits for the canaries to be promoted', () => {
    const canary: ServiceFacts = {
      rollout: {
        strategy: 'canary',
        promote: 'manual',
        steps: [{ slots: { kind: 'count', count: 1 }, bakeMs: 10_000 }],
      },
    };
    const start = commit(deployedWith('after', canary), app('v2', 'after', canary), 2);
    const waiting = play(start, 5 * minute);
    const promoted = play(asking(waiting.world, 'promote'), 5 * minute);

    expect(started(waiting.steps, 'job')).toEqual([]);
    expect(started(promoted.steps, 'job')).toEqual(['testapp:v2']);
    expect(promoted.last.settled).toBe(true);
  });

  it.each<[string, Fate]>([
    ['fails', fails],
    ['takes too long', runsOn],
  ])('that %s is rolled back, and does not run again', (_name, fate) => {
    const start = commit(deployedWith('after'), app('v2', 'after'), 2);

    const { world, steps, last, entries } = play(start, 20 * minute, { fate });

    expect(stalledBy(last)).toBe('RolledBack');
    expect(started(steps, 'job')).toEqual(['testapp:v2']);
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(entries.map(({ kind }) => kind)).not.toContain('succeeded');
  });

  it('does not run for a version that does not come up', () => {
    const { steps } = run(commit(deployedWith('after'), app('v2', 'after'), 2), webExits);

    expect(started(steps, 'job')).toEqual([]);
  });

  it('is not run again when its container is removed', () => {
    const { steps, last } = run(withoutJob(deployedWith('after')));

    expect(steps).toEqual([]);
    expect(last.settled).toBe(true);
  });

  it('does not wait for a host that is away, where the service is global', () => {
    const everywhere: ServiceFacts = { mode: 'global' };
    const busy = deployedWith('after', everywhere);
    const used = containers(busy).find(({ name }) => name.startsWith('shop-job'))?.host;
    const other = ['host-1', 'host-2', 'host-3'].find((name) => name !== used) ?? '';

    const { last, world } = play(
      commit(seeing(busy, anUnreachableHost(other)), app('v2', 'after', everywhere), 2),
      20 * minute,
    );

    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2']);
    expect(last.settled).toBe(true);
  });
});
