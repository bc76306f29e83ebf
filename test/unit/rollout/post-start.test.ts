import { describe, expect, it } from 'vitest';

import { noRestart } from '../../../src/model/container.ts';
import type { Hook } from '../../../src/model/hooks.ts';
import { identityLabels, parseIdentity } from '../../../src/model/labels.ts';
import { toContainerId } from '../../../src/model/names.ts';
import type { StepFailure } from '../../../src/model/step.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { watchedContainers } from '../../../src/rollout/watched.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aJournal, aWorld } from '../../support/builders.ts';
import { deployed, play, shop } from './play.ts';
import {
  commit,
  containers,
  decisionOf,
  edit,
  kinds,
  run,
  running,
  stalledBy,
} from './scenario.ts';

function hook(...command: readonly string[]): Hook {
  return { command };
}

function hooked(...hooks: readonly Hook[]): ServiceFacts {
  return { hooks: { postStart: hooks } };
}

const warm = hooked(hook('warm'));
const minute = 60_000;
const failure: StepFailure = {
  class: 'revision',
  reason: 'HookFailed',
  message: 'post_start hook 1 ("warm") ended with code 3: no luck',
};

function refuseHooks({
  action,
}: {
  readonly action: { readonly kind: string };
}): StepFailure | null {
  return action.kind === 'run-hooks' ? failure : null;
}

function forgetful(world: World): World {
  const instances = new Map(
    [...world.journal.instances].map(([id, { slot, retired }]) => [id, { slot, retired }]),
  );
  return { ...world, journal: { ...world.journal, instances } };
}

describe('post_start hooks', () => {
  it('run after the start, and the gate and the promotion come after them', () => {
    const { steps } = run(aWorld(shop('v1', warm), ['host-1']));

    const own = steps.filter(({ slot }) => slot === '1');
    expect(own.map(({ action }) => action.kind)).toEqual([
      'create-container',
      'start-container',
      'run-hooks',
      'update-container',
    ]);
    expect(own[2]).toMatchObject({
      action: { hooks: [{ command: ['warm'] }], limitMs: minute },
      cause: { path: 'post_start' },
    });
  });

  it('run once for each instance, and not again for one that is in place', () => {
    const world = deployed('v1', warm, ['host-1']);

    expect(decide(world).steps).toEqual([]);
    const more = run(commit(world, shop('v1', { ...warm, replicas: 3 }), 2));
    expect(kinds(more.steps).filter((kind) => kind.startsWith('run-hooks'))).toEqual([
      'run-hooks 2',
      'run-hooks 3',
    ]);
  });

  it.each([
    ['another hook', hooked(hook('other'))],
    ['none any more', {}],
  ])('of a commit that only says %s change nothing', (_name, next) => {
    const world = deployed('v1', warm, ['host-1']);

    expect(run(commit(world, shop('v1', next), 2)).steps).toEqual([]);
  });

  it('are not run by a commit that only adds them', () => {
    const world = deployed('v1', {}, ['host-1']);

    expect(run(commit(world, shop('v1', warm), 2)).steps).toEqual([]);
  });

  it('that fail are a failure of the version, with what they said', () => {
    const before = deployed('v1', {}, ['host-1']);

    const { world, entries, last } = play(commit(before, shop('v2', warm), 2), 2 * minute, {
      refuse: refuseHooks,
    });

    expect(entries).toContainEqual(
      expect.objectContaining({
        kind: 'quarantined',
        quarantine: expect.objectContaining({
          reason: 'HookFailed',
          message: failure.message,
        }) as object,
      }),
    );
    expect(stalledBy(last)).toBe('RolledBack');
    expect(running(world)).toEqual(['testapp:v1']);
  });

  it('that are mended are another try of the same version', () => {
    const failed = play(aWorld(shop('v1', warm), ['host-1']), 2 * minute, { refuse: refuseHooks });
    expect(stalledBy(failed.last)).toBe('Halted');

    const { world } = run(commit(failed.world, shop('v1', hooked(hook('mended'))), 2));

    expect(running(world)).toEqual(['testapp:v1']);
  });

  it('run once more where the journal was lost before the promotion', () => {
    let before = aWorld(shop('v1', warm), ['host-1']);
    while (decide(before).steps.every(({ action }) => action.kind !== 'update-container')) {
      before = play(before, 1).world;
    }

    const { steps } = run(forgetful(before));

    expect(kinds(steps)).toContain('run-hooks 1');
  });

  it('do not run again for what is promoted when the journal was lost, or the engine started it again', () => {
    const world = deployed('v1', warm, ['host-1']);
    const restarted = edit(world, (one) => ({ ...one, startedAt: world.now, restartCount: 1 }));

    expect(run(forgetful(world)).steps).toEqual([]);
    expect(run(restarted).steps).toEqual([]);
  });

  it('run again when we start it again, and once more when they fail then', () => {
    const world = deployed('v1', warm, ['host-1']);
    const stopped = edit(world, (one) => ({ ...one, state: 'exited', exitCode: 0 }));

    expect(kinds(run(stopped).steps)).toEqual(['start-container 1', 'run-hooks 1']);
    const failing = play(stopped, minute, { refuse: refuseHooks });
    expect(kinds(failing.steps).filter((kind) => kind === 'run-hooks 1').length).toBeGreaterThan(1);
    expect(JSON.stringify(decisionOf(failing.last).conditions)).toContain('HookFailed');
    expect(running(failing.world)).toEqual(['testapp:v1']);
    const healed = run(failing.world);
    expect(kinds(healed.steps)).toEqual(['run-hooks 1']);
    expect(decisionOf(healed.last).conditions.some(({ reason }) => reason === 'HookFailed')).toBe(
      false,
    );
  });

  it('of the new version are not waited for in what it replaces, when the journal was lost on the way', () => {
    const before = commit(deployed('v1', {}, ['host-1']), shop('v2', warm), 2);
    const retiring = edit(before, (one) => ({ ...one, restart: noRestart }));

    const watched = watchedContainers({ ...retiring, journal: aJournal() });

    expect(watched.map(({ container }) => container.spec.image)).toEqual(['testapp:v1']);
  });

  it('are not waited for in the predecessor of the same version, when the journal was lost on the way', () => {
    const world = deployed('v1', warm, ['host-1']);
    const [old] = containers(world);
    if (old === undefined) throw new Error('there is no instance');
    const fenced = { ...old, restart: noRestart };
    const identity = parseIdentity(old.labels);
    if (identity === null) throw new Error('it is not ours');
    const labels = identityLabels({ ...identity, epoch: 9 }, world.desired.revision.commit);
    const next = { ...fenced, id: toContainerId('f'.repeat(64)), labels };
    const observations = new Map(
      [...world.observations].map(([name, host]) => [
        name,
        host.kind === 'unreachable' ? host : { ...host, containers: [fenced, next] },
      ]),
    );

    const watched = watchedContainers({ ...world, observations, journal: aJournal() });

    expect(watched.map(({ container }) => container.id)).toEqual([old.id]);
  });

  it('have their own time, and the gate has all of its own after them', () => {
    let world = aWorld(shop('v1', warm), ['host-1']);
    while (decide(world).steps.every(({ action }) => action.kind !== 'run-hooks')) {
      world = play(world, 1).world;
    }
    const late = { ...world, now: world.now + 5 * minute };

    const { last, world: after } = play(late, minute / 2, { fate: () => ({ health: 'starting' }) });

    expect(running(after)).toEqual(['testapp:v1']);
    expect(decisionOf(last).conditions.some(({ reason }) => reason === 'DeadlineExceeded')).toBe(
      false,
    );
    expect(containers(after)).toHaveLength(1);
  });
});
