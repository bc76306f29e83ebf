import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aConstraint, anUnreachableHost } from '../../support/builders.ts';
import { count, countLive, deployed, play, playUntil, shop } from './play.ts';
import {
  commit,
  containers,
  exits,
  fine,
  pass,
  run,
  running,
  seeing,
  stalledBy,
} from './scenario.ts';

const alone: ServiceFacts = { singleton: true };

function onHost(name: string): ServiceFacts {
  return { ...alone, constraints: [aConstraint(`node.hostname == ${name}`)] };
}

function neverTwo(world: World): void {
  expect(countLive(world)).toBeLessThanOrEqual(1);
}

describe('a singleton', () => {
  it.each<[string, World, string]>([
    ['with a new version', commit(deployed('v1', alone), shop('v2', alone), 2), 'testapp:v2'],
    [
      'with a move to another host',
      commit(deployed('v1', onHost('host-1')), shop('v1', onHost('host-2')), 2),
      'testapp:v1',
    ],
    [
      'with both',
      commit(deployed('v1', onHost('host-1')), shop('v2', onHost('host-2')), 2),
      'testapp:v2',
    ],
    [
      'when it becomes one, with a new version',
      commit(deployed('v1'), shop('v2', alone), 2),
      'testapp:v2',
    ],
  ])('never runs twice %s', (_name, start, image) => {
    const { world, last } = play(start, 60_000, { watch: neverTwo });

    expect(running(world)).toEqual([image]);
    expect(last.settled).toBe(true);
  });

  it('never runs twice on the way back', () => {
    const { world, last } = play(commit(deployed('v1', alone), shop('v2', alone), 2), 60_000, {
      fate: exits('testapp:v2'),
      watch: neverTwo,
    });

    expect(running(world)).toEqual(['testapp:v1']);
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('never runs twice when it is tried on other hosts', () => {
    const often: ServiceFacts = { ...alone, rollout: { attempts: 3 } };
    const { world } = play(commit(deployed('v1', often), shop('v2', often), 2), 120_000, {
      fate: exits('testapp:v2'),
      watch: neverTwo,
    });

    expect(running(world)).toEqual(['testapp:v1']);
  });

  it('stays where it is while its host cannot be seen', () => {
    const start = deployed('v1', alone);
    const [host] = containers(start).map((one) => one.host);
    const away = seeing(start, anUnreachableHost(host ?? ''));

    expect(play(away, 30 * 60_000).steps).toEqual([]);
    expect(
      play(commit(away, shop('v2', alone), 2), 30 * 60_000).steps.map(({ action }) => action.kind),
    ).not.toContain('create-container');
  });

  it.each(['created', 'running'])(
    'is soon alone when a commit makes it one while its successor is %s',
    (state) => {
      const start = playUntil(commit(deployed('v1'), shop('v2'), 2), (world) =>
        containers(world).some((one) => one.state === state && one.spec.image === 'testapp:v2'),
      ).world;
      const next = commit(start, shop('v2', alone), 3);

      const { world, last } = play(next, 8_000);
      expect(countLive(world)).toBeLessThanOrEqual(1);
      expect(stalledBy(last)).toBe('');
      const settled = play(world, 60_000, { watch: neverTwo });
      expect(running(settled.world)).toEqual(['testapp:v2']);
    },
  );

  it('is soon alone when a commit makes it one, however long its successor takes', () => {
    const slow: ServiceFacts = { gate: { minHealthyTimeMs: 10 * 60_000 } };
    const before = deployed('v1');
    const start = playUntil(
      commit(before, shop('v2', slow), 2),
      (world) => count(world, 'v2') === 1,
    ).world;

    const { world } = play(commit(start, shop('v2', { ...slow, ...alone }), 3), 10_000);

    expect(countLive(world)).toBe(1);
  });

  it('never runs twice, whatever steps and memory are lost (law)', () => {
    const moments = fc.array(
      fc.record({
        executed: fc.boolean(),
        forgets: fc.boolean(),
        change: fc.option(
          fc.record({
            tag: fc.constantFrom('v1', 'v2', 'v3'),
            host: fc.constantFrom('host-1', 'host-2'),
          }),
          { freq: 4 },
        ),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(moments, (script) => {
        let world = deployed('v1', onHost('host-1'));
        for (const [index, { executed, forgets, change }] of script.entries()) {
          if (change !== null)
            world = commit(world, shop(change.tag, onHost(change.host)), index + 2);
          if (forgets) world = { ...world, readiness: new Map() };
          const decision = decide(world);
          world = pass(world, decision, executed ? decision.steps : [], fine);
          neverTwo(world);
        }
        expect(countLive(run(world).world)).toBe(1);
      }),
      { numRuns: 60 },
    );
  });
});
