import { describe, expect, it } from 'vitest';

import type { Remedy } from '../../../src/drift/assess-instance.ts';
import { nextRepairAt, remedyAction, repairsInARow } from '../../../src/rollout/heal.ts';
import { anInstance, aService } from '../../support/builders.ts';
import { aWorld, anApplication } from '../../support/builders.ts';
import { countLive, shop } from './play.ts';
import { commit, edit, kinds, pass, run, fine } from './scenario.ts';
import { decide } from '../../../src/rollout/decide.ts';

const service = aService();
const minute = 60_000;

describe('remedyAction()', () => {
  const attachment = { network: 'shop_front', aliases: ['web'] };

  it.each<[Remedy, object | null]>([
    [{ kind: 'start' }, { kind: 'start-container', service: null }],
    [{ kind: 'unpause' }, { kind: 'unpause-container' }],
    [
      { kind: 'rename', to: 'new' },
      { kind: 'rename-container', to: 'new' },
    ],
    [
      { kind: 'connect', attachment },
      { kind: 'connect-network', attachment },
    ],
    [
      { kind: 'update-resources' },
      { kind: 'update-container', restart: null, resources: service.container.resources },
    ],
    [
      { kind: 'update-restart' },
      { kind: 'update-container', restart: service.container.restart, resources: null },
    ],
    [{ kind: 'replace' }, null],
    [{ kind: 'none' }, null],
  ])('makes a step of %j', (remedy, expected) => {
    const action = remedyAction(remedy, anInstance(service), service);

    if (expected === null) expect(action).toBeNull();
    else expect(action).toMatchObject(expected);
  });
});

describe('nextRepairAt()', () => {
  it.each([
    [0, 0],
    [1, 2_000],
    [2, 6_000],
    [3, 18_000],
    [4, 54_000],
    [5, 162_000],
    [6, 300_000],
    [60, 300_000],
  ])('waits after %i repairs in a row for %i ms', (repairs, delay) => {
    const record = { repairs, lastRepairAt: minute };

    expect(nextRepairAt(record, minute)).toBe(minute + delay);
  });

  it('repairs at once what has never been repaired', () => {
    expect(nextRepairAt(undefined, 5)).toBe(5);
  });

  it('forgets repairs after ten good minutes', () => {
    const record = { repairs: 9, lastRepairAt: 0 };

    expect(repairsInARow(record, 10 * minute)).toBe(9);
    expect(repairsInARow(record, 10 * minute + 1)).toBe(0);
    expect(nextRepairAt(record, 10 * minute + 1)).toBe(10 * minute + 1);
  });
});

describe('an instance that is stopped again and again', () => {
  it('is started ever later', () => {
    let world = run(aWorld([anApplication([service])], ['host-1'])).world;
    const times: number[] = [];
    for (let round = 0; round < 60; round += 1) {
      const decision = decide(world);
      if (kinds(decision.steps).includes('start-container 1')) times.push(world.now);
      world = edit(pass(world, decision, decision.steps, fine), (container) => ({
        ...container,
        state: 'exited',
      }));
    }

    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses.slice(0, 4)).toEqual([2_000, 6_000, 18_000, 54_000]);
  });
});

describe('replicas that commits take away and give back', () => {
  it('are new: nothing is repaired, and nothing waits for it', () => {
    let { world } = run(aWorld(shop('v1', { replicas: 3 })));
    const repaired: string[] = [];
    for (const [index, replicas] of [1, 3, 1, 3].entries()) {
      const { entries, world: after } = run(commit(world, shop('v1', { replicas }), index + 2));
      repaired.push(...entries.flatMap((one) => (one.kind === 'repaired' ? [one.slot] : [])));
      world = after;
    }

    expect(countLive(world)).toBe(3);
    expect(repaired).toEqual([]);
  });
});
