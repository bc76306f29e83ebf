import { describe, expect, it } from 'vitest';

import type { EngineChange } from '../../../src/model/engine-change.ts';
import type { HealChoice, HealedClass, HealPolicy } from '../../../src/model/heal-policy.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anApplication, aService, aWorld, origin } from '../../support/builders.ts';
import { commit, decisionOf, edit, fine, kinds, pass, run } from './scenario.ts';

const limits = { memoryBytes: 64, memoryReservationBytes: null, nanoCpus: 10, pids: null };
const service = aService({ container: { resources: limits } });
const memory = 'deploy.resources.limits.memory';

function says(kind: HealedClass, choice: HealChoice): HealPolicy {
  return { [kind]: { choice, origin } };
}

/** A converged fleet under this policy, after somebody has been at its only container. */
function after(
  heal: HealPolicy,
  change: (container: ObservedContainer) => ObservedContainer,
): World {
  return edit(run(aWorld([anApplication([service], { heal })], ['host-1'])).world, change);
}

/** The same fleet, but the container is gone. */
function emptied(heal: HealPolicy): World {
  const { world } = run(aWorld([anApplication([service], { heal })], ['host-1']));
  const observations = new Map(
    [...world.observations].map(([name, host]) => [name, { ...host, containers: [] }]),
  );
  return { ...world, observations };
}

const withMoreMemory = (container: ObservedContainer): ObservedContainer => ({
  ...container,
  spec: { ...container.spec, resources: { ...limits, memoryBytes: 128 } },
});
const ended = (container: ObservedContainer): ObservedContainer => ({
  ...container,
  state: 'exited',
});

describe('drift that a commit says to report', () => {
  it('stays, with where that is said, and leaves the application ready', () => {
    const decision = decide(after(says('mutable-field', 'report'), withMoreMemory));

    const note = `it is only reported, as ${origin.file}:${origin.line}:${origin.column} says`;
    expect(decision.drift).toMatchObject([{ path: memory, action: 'report', note }]);
    expect(decision).toMatchObject({ steps: [], entries: [], settled: true });
    expect(decisionOf(decision).conditions).toMatchObject([
      { type: 'Ready', status: true },
      {},
      {},
    ]);
  });

  it('keeps it from being ready when it is an instance that does not run', () => {
    const decision = decide(after(says('stopped', 'report'), ended));

    expect(decision.drift).toMatchObject([{ class: 'stopped', action: 'report' }]);
    expect(decision.steps).toEqual([]);
    expect(decisionOf(decision).conditions).toMatchObject([{ reason: 'DriftReported' }, {}, {}]);
  });

  it('is an empty slot too', () => {
    const decision = decide(emptied(says('missing', 'report')));

    expect(decision.drift).toMatchObject([{ class: 'missing', action: 'report' }]);
    expect(decision.steps).toEqual([]);
    expect(decisionOf(decision).conditions).toMatchObject([{ reason: 'DriftReported' }, {}, {}]);
  });

  it('is what must be replaced too', () => {
    const world = after(says('immutable-field', 'report'), (container) => ({
      ...container,
      altered: { '/etc/a': 'other' },
    }));

    const decision = decide(world);

    expect(decision.drift).toMatchObject([{ class: 'immutable-field', action: 'report' }]);
    expect(decision.steps).toEqual([]);
  });

  it('is of its own class alone: another one is healed', () => {
    expect(kinds(decide(after(says('paused', 'report'), ended)).steps)).toEqual([
      'start-container 1',
    ]);
  });

  it('does not keep a commit from being rolled out', () => {
    const heal = { ...says('mutable-field', 'report'), ...says('missing', 'report') };
    const { world } = run(aWorld([anApplication([service], { heal })], ['host-1']));
    const more = aService({ container: { resources: { ...limits, memoryBytes: 128 } } });

    const changed = run(commit(world, [anApplication([more], { heal })], 2));
    const scaled = run(
      commit(changed.world, [anApplication([{ ...more, replicas: 2 }], { heal })], 3),
    );

    expect(kinds(changed.steps)).toContain('update-container 1');
    expect(kinds(scaled.steps)).toContain('create-container 2');
  });
});

describe('drift that a commit says to ignore', () => {
  it('stands apart, and counts for nothing', () => {
    const decision = decide(after(says('mutable-field', 'ignore'), withMoreMemory));

    expect(decision).toMatchObject({ drift: [], steps: [], settled: true });
    expect(decision.ignored).toMatchObject([
      {
        item: { path: memory },
        rule: { origin, reason: 'drift of the class mutable-field is ignored' },
      },
    ]);
  });
});

describe('drift that comes back', () => {
  it('is contended when it was healed three times within a quarter of an hour', () => {
    let world = run(aWorld([anApplication([service])], ['host-1'])).world;
    const rounds: (readonly [number, boolean])[] = [];
    for (let round = 0; round < 60; round += 1) {
      const decision = decide(edit(world, ended));
      const heals = kinds(decision.steps).includes('start-container 1') ? 1 : 0;
      const isContended = decision.drift.some(({ contended }) => contended === true);
      rounds.push([heals, isContended]);
      if (isContended) {
        expect(decisionOf(decision).conditions).toMatchObject([{ reason: 'Contended' }, {}, {}]);
      }
      world = pass(edit(world, ended), decision, decision.steps, fine);
    }

    const first = rounds.findIndex(([, isContended]) => isContended);
    const before = rounds.slice(0, first).reduce((sum, [heals]) => sum + heals, 0);
    const later = rounds.slice(first).reduce((sum, [heals]) => sum + heals, 0);
    expect(before).toBe(3);
    expect(later).toBeGreaterThan(0);
  });
});

describe('what an engine told of', () => {
  it('is the cause of an item, and is written down with its repair', () => {
    const world = edit(run(aWorld([anApplication([service])], ['host-1'])).world, ended);
    const observations = new Map(
      [...world.observations].map(([name, host]) => {
        const [container] = host.kind === 'reachable' ? host.containers : [];
        const change = { kind: 'kill', at: 6, slot: '', object: '', detail: '9' } as const;
        const id = container?.id ?? null;
        const changes: readonly EngineChange[] = [
          { ...change, container: id },
          { ...change, kind: 'die', at: 7, container: id },
        ];
        return [name, { ...host, changes }];
      }),
    );

    const decision = decide({ ...world, observations });

    const cause = { kind: 'kill', at: 7, detail: 'killed by signal 9' };
    expect(decision.drift).toMatchObject([{ class: 'stopped', cause }]);
    expect(decision.entries).toMatchObject([
      { kind: 'repaired', drift: { class: 'stopped', path: 'state', cause } },
    ]);
  });
});
