import { describe, expect, it } from 'vitest';

import type { StepFailure } from '../../../src/model/step.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import { deployed, idsOf, play, playUntil, shop, stepsOn } from './play.ts';
import type { Fate } from './scenario.ts';
import {
  commit,
  containers,
  decisionOf,
  exits,
  run,
  running,
  seeing,
  stalledBy,
} from './scenario.ts';

const trouble: StepFailure = {
  class: 'infrastructure',
  reason: 'EngineError',
  message: 'HTTP 500',
};
const ports = [{ target: 80, protocol: 'tcp', hostIp: '', published: '80' }] as const;

/** No host has this image any more. */
function pruned(world: World, image: string): World {
  const hosts = [...world.observations.values()].flatMap((host) =>
    host.kind === 'reachable'
      ? [{ ...host, images: host.images.filter(({ tags }) => !tags.includes(image)) }]
      : [],
  );
  return seeing(world, ...hosts);
}

describe('a removal that the engine refuses once', () => {
  it('is tried again, and the application is gone in the end', () => {
    const applications = ['blog', 'docs', 'shop', 'wiki'].map((name) =>
      anApplication([aService()], { name }),
    );
    const before = run(aWorld(applications)).world;
    let refusals = 0;

    const { world, last } = play(commit(before, applications.slice(0, 3), 7), 120_000, {
      refuse({ action }) {
        if (action.kind !== 'remove-container' || refusals > 0) return null;
        refusals += 1;
        return trouble;
      },
    });

    expect(refusals).toBe(1);
    expect(containers(world)).toHaveLength(3);
    expect(world.journal.applications.has('wiki')).toBe(false);
    expect(last.settled).toBe(true);
  });
});

describe('a host port that our own predecessor still holds', () => {
  it('is waited for while the stop is under way: the successor is not started', () => {
    const facts: ServiceFacts = { container: { ports } };
    const start = commit(deployed('v1', facts), shop('v2', facts), 2);
    const stopping = playUntil(start, (_world, { steps }) =>
      steps.some(({ action }) => action.kind === 'stop-container'),
    ).world;

    const decision = decide({
      ...stopping,
      inFlight: new Map([['shop/web/1', 'stop-container' as const]]),
    });

    expect(decision.steps).toEqual([]);
    expect(stalledBy(decision)).toBe('');
    expect(running(run(stopping).world)).toEqual(['testapp:v2']);
  });
});

const secondFails: Fate = (container) =>
  container.labels['fleetwright.slot'] === '2' ? exits('testapp:v2')(container) : {};

describe('a rollback whose image is no longer on its hosts', () => {
  const facts: ServiceFacts = { replicas: 2, container: { ports } };
  const failed = playUntil(
    commit(deployed('v1', facts), shop('v2', facts), 2),
    (_world, { applications }) => applications[0]?.target.mode === 'rollback',
    { fate: secondFails },
  ).world;

  it('pulls it before it touches what serves', () => {
    const { world, steps } = play(pruned(failed, 'testapp:v1'), 120_000, { fate: secondFails });

    const order = steps.map(({ action }) => action.kind);
    expect(order).toContain('pull-image');
    expect(order.indexOf('pull-image')).toBeLessThan(order.indexOf('stop-container'));
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
  });

  it('leaves what serves alone, and says that it tries again, while it cannot be pulled', () => {
    const start = pruned(failed, 'testapp:v1');
    const serving = new Set(
      containers(start)
        .filter(({ restart }) => restart.name !== 'no')
        .map(({ id }): string => id),
    );

    const { world, steps, last } = play(start, 60_000, {
      fate: secondFails,
      refuse: ({ action }) =>
        action.kind === 'pull-image' ? { ...trouble, reason: 'RegistryUnavailable' } : null,
    });

    expect(serving.size).toBe(1);
    expect(stepsOn(steps, serving)).toEqual([]);
    expect([...idsOf(world)]).toEqual(expect.arrayContaining([...serving]));
    expect(decisionOf(last).waiting).toContainEqual(
      expect.objectContaining({ kind: 'retry', reason: 'pull is tried again' }),
    );
  });
});
