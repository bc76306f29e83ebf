import { describe, expect, it } from 'vitest';

import type { MountSpec } from '../../../src/model/container.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import type { Step, StepFailure } from '../../../src/model/step.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aConstraint, aWorld } from '../../support/builders.ts';
import { count, deployed, idsOf, made, play, shop, stepsOn } from './play.ts';
import { commit, containers, exits, run, running, stalledBy } from './scenario.ts';
import type { Fate } from './scenario.ts';

const twice: ServiceFacts = { replicas: 2, rollout: { attempts: 2 } };

/** v2 exits on these hosts only. */
function exitsOn(...hosts: readonly string[]): Fate {
  return (container) => (hosts.includes(container.host) ? exits('testapp:v2')(container) : {});
}

function hostOf(world: World, slot: string): string {
  const found = containers(world).find(
    ({ labels, state }) => labels['fleetwright.slot'] === slot && state === 'running',
  );
  if (found === undefined) throw new Error(`slot ${slot} does not run`);
  return found.host;
}

function hostsOf(world: World): readonly string[] {
  return containers(world)
    .map(({ host }) => host)
    .toSorted();
}

function creates(steps: readonly Step[]): readonly string[] {
  return steps.flatMap(({ action, host, slot }) =>
    action.kind === 'create-container' ? [`${slot} ${host}`] : [],
  );
}

describe('a version that fails on one host only', () => {
  const before = deployed('v1', twice);
  const bad = hostOf(before, '1');
  const after = run(commit(before, shop('v2', twice), 2), exitsOn(bad));

  it('is tried on another one, and the rollout succeeds', () => {
    expect(running(after.world)).toEqual(['testapp:v2', 'testapp:v2']);
    expect(after.last.settled).toBe(true);
    expect(after.world.journal.applications.get('shop')?.lastKnownGood?.commit).toBe(
      '2'.padStart(40, '0'),
    );
    expect(hostOf(after.world, '1')).not.toBe(bad);
  });

  it('leaves the other slots where they are', () => {
    expect(hostOf(after.world, '2')).toBe(hostOf(before, '2'));
  });

  it('keeps the old instance until the new one serves elsewhere', () => {
    const old = idsOf(before);
    const first = containers(before).find(({ host }) => host === bad);
    const index = after.steps.findIndex(
      ({ action, host, slot }) =>
        action.kind === 'update-container' && slot === '1' && host !== bad,
    );
    const touchedAt = after.steps.findIndex(
      (step) => stepsOn([step], new Set([first?.id ?? ''])).length > 0,
    );

    expect(old.has(first?.id ?? '')).toBe(true);
    expect(index).toBeGreaterThan(-1);
    expect(touchedAt).toBeGreaterThan(index);
  });

  it('does not keep the next version from that host', () => {
    const one: ServiceFacts = {
      ...twice,
      replicas: 1,
      constraints: [aConstraint(`node.hostname == ${bad}`)],
    };

    const next = run(commit(after.world, shop('v3', one), 3));

    expect(running(next.world)).toEqual(['testapp:v3']);
  });
});

describe('a version that fails everywhere', () => {
  it('is tried as often as asked for, on different hosts, and then rolled back', () => {
    const before = deployed('v1', twice);
    const old = idsOf(before);

    const { world, steps, last, entries } = run(
      commit(before, shop('v2', twice), 2),
      exits('testapp:v2'),
    );

    const tries = creates(steps).filter((one) => one.startsWith('1 '));
    expect(new Set(tries).size).toBe(2);
    expect(tries).toHaveLength(2);
    expect(idsOf(world)).toEqual(old);
    expect(stepsOn(steps, old)).toEqual([]);
    expect(stalledBy(last)).toBe('RolledBack');
    expect(entries.filter(({ kind }) => kind === 'quarantined')).toHaveLength(1);
  });

  it.each([1, 2, 3, 5])('is started at most %i times in a slot', (attempts) => {
    const facts: ServiceFacts = { replicas: 3, rollout: { attempts }, update: { parallelism: 0 } };

    const { steps } = run(commit(deployed('v1', facts), shop('v2', facts), 2), exits('testapp:v2'));

    const slots = made(steps, 'v2');
    for (const slot of ['1', '2', '3']) {
      expect(slots.filter((one) => one === slot).length).toBeLessThanOrEqual(Math.min(attempts, 3));
    }
  });

  it('is tried once where there is one host only', () => {
    const before = deployed('v1', twice, ['host-1']);

    const { steps, last } = run(commit(before, shop('v2', twice), 2), exits('testapp:v2'));

    expect(made(steps, 'v2')).toEqual(['1']);
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('is tried once on the only host that it may have', () => {
    const facts = { ...twice, replicas: 1, constraints: [aConstraint('node.hostname == host-2')] };

    const { steps } = run(commit(deployed('v1', facts), shop('v2', facts), 2), exits('testapp:v2'));

    expect(creates(steps)).toEqual(['1 host-2']);
  });

  it('halts a first deployment after its attempts', () => {
    const { steps, last } = run(aWorld(shop('v2', twice)), exits('testapp:v2'));

    expect(made(steps, 'v2').filter((slot) => slot === '1').length).toBeLessThanOrEqual(2);
    expect(stalledBy(last)).toBe('Halted');
  });

  it('with failure_action pause, leaves the old instances where they are', () => {
    const facts: ServiceFacts = { ...twice, update: { failureAction: 'pause' } };
    const before = deployed('v1', facts);
    const old = idsOf(before);

    const { world, steps, last } = run(commit(before, shop('v2', facts), 2), exits('testapp:v2'));

    expect(stalledBy(last)).toBe('Halted');
    expect(stepsOn(steps, old)).toEqual([]);
    expect(idsOf(world, 'v1')).toEqual(old);
    expect(made(steps, 'v1')).toEqual([]);
  });
});

describe('a failure that would be the same everywhere', () => {
  it.each([126, 127])('exit code %i is tried once', (exitCode) => {
    const fate: Fate = ({ spec }) =>
      spec.image === 'testapp:v2' ? { state: 'exited', exitCode, published: [] } : {};

    const { steps, last } = run(commit(deployed('v1', twice), shop('v2', twice), 2), fate);

    expect(made(steps, 'v2')).toEqual(['1']);
    expect(stalledBy(last)).toBe('RolledBack');
  });

  const refused: StepFailure = {
    class: 'revision',
    reason: 'CannotStart',
    message: 'exec: no such file',
  };

  it.each(['create-container', 'start-container'])('a refused %s is tried once', (kind) => {
    const before = deployed('v1', twice);
    const isBad = ({ action }: Step): boolean =>
      action.kind === kind &&
      'service' in action &&
      action.service?.container.image === 'testapp:v2';

    const { world, steps, last } = play(commit(before, shop('v2', twice), 2), 600_000, {
      refuse: (step) => (isBad(step) ? refused : null),
    });

    expect(steps.filter(isBad)).toHaveLength(1);
    expect(stalledBy(last)).toBe('RolledBack');
    expect(idsOf(world)).toEqual(idsOf(before));
  });

  it('an image that is nowhere is tried once, before anything is touched', () => {
    const before = deployed('v1', twice);
    const missing = { ...twice, container: { image: 'testapp:v9' } };
    const failure: StepFailure = {
      class: 'revision',
      reason: 'ImageNotFound',
      message: 'manifest unknown',
    };

    const { world, steps } = play(commit(before, shop('v9', missing), 2), 120_000, {
      refuse: ({ action }) => (action.kind === 'pull-image' ? failure : null),
    });

    expect(new Set(steps.map(({ action }) => action.kind))).toEqual(new Set(['pull-image']));
    expect(idsOf(world)).toEqual(idsOf(before));
  });
});

describe('what cannot move', () => {
  const volume: MountSpec = {
    type: 'volume',
    source: 'data',
    target: '/data',
    readOnly: false,
    noCopy: false,
  };
  const bind: MountSpec = {
    type: 'bind',
    source: '/srv',
    target: '/srv',
    readOnly: false,
    createHostPath: true,
    propagation: '',
  };

  it.each<[string, ServiceFacts]>([
    ['a service with a volume', { ...twice, replicas: 1, container: { mounts: [volume] } }],
    [
      'a service with a folder of its host',
      { ...twice, replicas: 1, container: { mounts: [bind] } },
    ],
    ['a global service', { ...twice, mode: 'global', update: { parallelism: 1 } }],
  ])('%s is tried once, where it is', (_name, facts) => {
    const before = deployed('v1', facts);

    const { steps, world, last } = run(commit(before, shop('v2', facts), 2), exits('testapp:v2'));

    expect(made(steps, 'v2')).toHaveLength(1);
    expect(stalledBy(last)).toBe('RolledBack');
    expect(hostsOf(world)).toEqual(hostsOf(before));
  });
});

describe('after a rollback from a version that was tried elsewhere', () => {
  it('nothing has moved, and nothing moves at the next failure either', () => {
    const before = deployed('v1', twice);
    const second = run(commit(before, shop('v2', twice), 2), exits('testapp:v2', 'testapp:v3'));

    const third = run(
      commit(second.world, shop('v3', twice), 3),
      exits('testapp:v2', 'testapp:v3'),
    );

    expect(idsOf(third.world)).toEqual(idsOf(before));
    expect(stepsOn([...second.steps, ...third.steps], idsOf(before))).toEqual([]);
  });

  it('a slot that had moved goes back to where the old one still is', () => {
    const before = deployed('v1', twice);
    const bad = hostOf(before, '1');
    const breaksLater = (container: ObservedContainer): Partial<ObservedContainer> =>
      container.labels['fleetwright.slot'] === '2'
        ? exits('testapp:v2')(container)
        : exitsOn(bad)(container);

    const { world } = run(commit(before, shop('v2', twice), 2), breaksLater);

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(count(world, 'v2')).toBe(0);
  });
});
