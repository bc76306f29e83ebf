import { describe, expect, it } from 'vitest';

import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aConstraint, aWorld, origin } from '../../support/builders.ts';
import { count, deployed, idsOf, made, play, playUntil, shop, stepsOn } from './play.ts';
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
import type { Fate } from './scenario.ts';

const canary: ServiceFacts = {
  replicas: 4,
  rollout: { strategy: 'canary', steps: [{ slots: { kind: 'count', count: 1 }, bakeMs: 600_000 }] },
};

/** `shop` waits for `db`, whose new version never becomes ready. */
function waiting(tag: string, facts: ServiceFacts = {}) {
  const dependsOn = [{ application: 'db', condition: 'healthy', required: true, origin }] as const;
  const slow: ServiceFacts = {
    gate: { healthyDeadlineMs: 3_600_000 },
    rollout: { progressDeadlineMs: 7_200_000 },
  };
  return [...shop(tag, slow, { name: 'db' }), ...shop(tag, facts, { dependsOn })];
}

const dbNeverReady: Fate = ({ spec, name }) =>
  name.startsWith('db-') && spec.image !== 'testapp:v1' ? { health: 'starting' } : {};

function shopIds(world: World): ReadonlySet<string> {
  return new Set(
    containers(world)
      .filter(({ name }) => name.startsWith('shop-'))
      .map(({ id }): string => id),
  );
}

describe('slots that are not canaries yet', () => {
  const start = play(commit(deployed('v1', canary), shop('v2', canary), 2), 60_000).world;

  it.each<[string, (world: World) => World]>([
    ['gone', (world) => edit(world, (one) => (one.spec.image === 'testapp:v1' ? null : one))],
    [
      'stopped',
      (world) =>
        edit(world, (one) => (one.spec.image === 'testapp:v1' ? { ...one, state: 'exited' } : one)),
    ],
  ])('come back at last-known-good when they are all %s', (_name, breaks) => {
    const { world, steps } = play(breaks(start), 60_000);

    expect(made(steps, 'v2')).toEqual([]);
    expect(count(world, 'v2')).toBe(1);
    expect(count(world, 'v1')).toBeGreaterThanOrEqual(3);
  });

  it('are counted as not updated', () => {
    expect(decisionOf(decide(start)).services).toMatchObject([
      { desired: 4, available: 4, updated: 1 },
    ]);
  });

  it('stay on their host, though the new version is to go elsewhere', () => {
    const moved: ServiceFacts = {
      ...canary,
      constraints: [aConstraint('node.hostname == host-1')],
    };
    const before = deployed('v1', canary);

    const { steps, world } = play(commit(before, shop('v2', moved), 2), 120_000);

    expect(stepsOn(steps, idsOf(before))).toEqual([]);
    expect(count(world, 'v1')).toBe(4);
  });
});

describe('an application that waits for another one', () => {
  const before = run(aWorld(waiting('v1', { replicas: 3 }))).world;
  const held = play(commit(before, waiting('v2', { replicas: 3 }), 2), 30_000, {
    fate: dbNeverReady,
  });

  it('keeps what it has', () => {
    expect(stepsOn(held.steps, shopIds(before))).toEqual([]);
    expect(shopIds(held.world)).toEqual(shopIds(before));
    expect(stalledBy(held.last)).toBe('');
  });

  it('is repaired with what it has', () => {
    const broken = edit(held.world, (one) => (one.name.startsWith('shop-web-2') ? null : one));

    const { world } = play(broken, 60_000, { fate: dbNeverReady });

    expect(
      containers(world).filter(
        ({ name, spec }) => name.startsWith('shop-') && spec.image === 'testapp:v1',
      ),
    ).toHaveLength(3);
  });

  it('gets more of what it has, when a commit asks for more', () => {
    const { world } = play(commit(held.world, waiting('v2', { replicas: 5 }), 3), 60_000, {
      fate: dbNeverReady,
    });

    expect(
      containers(world).filter(
        ({ name, spec }) => name.startsWith('shop-') && spec.image === 'testapp:v1',
      ),
    ).toHaveLength(5);
  });

  it.each<[string, ServiceFacts]>([
    ['rolling', { replicas: 3 }],
    ['canary', canary],
    [
      'blue-green',
      {
        replicas: 3,
        rollout: {
          strategy: 'blue-green',
          steps: [{ slots: { kind: 'percent', percent: 100 }, bakeMs: 0 }],
        },
      },
    ],
  ])('writes nothing while it waits: %s', (_name, facts) => {
    const old = run(aWorld(waiting('v1', facts))).world;
    const { world } = play(commit(old, waiting('v2', facts), 2), 60_000, { fate: dbNeverReady });

    const { entries, steps } = play(world, 60_000, { fate: dbNeverReady });

    expect(entries).toEqual([]);
    expect(steps).toEqual([]);
  });

  it('begins with its first canary when its turn comes', () => {
    const old = run(aWorld(waiting('v1', canary))).world;
    const waited = play(commit(old, waiting('v2', canary), 2), 20 * 60_000, {
      fate: dbNeverReady,
    }).world;

    const { world, last } = play(waited, 120_000, {
      fate: ({ name }) => (name.startsWith('db-') ? { health: 'none' } : {}),
    });

    expect(
      containers(world).filter(
        ({ name, spec }) => name.startsWith('shop-') && spec.image === 'testapp:v2',
      ),
    ).toHaveLength(1);
    expect(decisionOf(last).rollout?.stages).toMatchObject([{ step: 1 }]);
  });
});

describe('a slot that has failed on one host and on another', () => {
  it('keeps the old instance where it is while the next version waits', () => {
    const twice: ServiceFacts = { replicas: 2, rollout: { attempts: 3 } };
    const before = deployed('v1', twice);
    const old = idsOf(before);
    const tried = playUntil(
      commit(before, shop('v2', twice), 2),
      (_world, { steps }) =>
        steps.filter(({ action }) => action.kind === 'remove-container').length > 0,
      { fate: exits('testapp:v2') },
    );

    const paused: ServiceFacts = { ...twice, update: { failureAction: 'pause' } };
    const { steps, last, world } = run(
      commit(tried.world, shop('v2', paused), 3),
      exits('testapp:v2'),
    );

    expect(stalledBy(last)).toBe('Halted');
    expect(stepsOn(steps, old)).toEqual([]);
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
  });
});
