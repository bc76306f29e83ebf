import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Share, UpdatePolicy } from '../../../src/model/application.ts';
import type { Bounds } from '../../../src/rollout/shares.ts';
import { boundsOf, canarySlots } from '../../../src/rollout/shares.ts';
import { aService } from '../../support/builders.ts';

function number(of: number): Share {
  return { kind: 'count', count: of };
}

function percent(of: number): Share {
  return { kind: 'percent', percent: of };
}

function bounds(policy: Partial<UpdatePolicy>, slots: number): Bounds {
  const { update } = aService({ update: policy });
  return boundsOf(update, update.order, slots);
}

describe('boundsOf()', () => {
  it.each<[string, Partial<UpdatePolicy>, number, number, number]>([
    ['parallelism beside, with start-first', { parallelism: 2 }, 5, 2, 0],
    ['parallelism missing, with stop-first', { parallelism: 2, order: 'stop-first' }, 5, 0, 2],
    ['all beside, with parallelism 0', { parallelism: 0 }, 5, 5, 0],
    ['all missing, with parallelism 0', { parallelism: 0, order: 'stop-first' }, 5, 0, 5],
    ['25 % of 3 beside: rounded up', { maxSurge: percent(25) }, 3, 1, 0],
    [
      '25 % of 3 missing: rounded down to 0, so 1',
      { maxSurge: number(0), maxUnavailable: percent(25) },
      3,
      0,
      1,
    ],
    [
      '50 % of 3 missing: rounded down',
      { maxSurge: number(0), maxUnavailable: percent(50) },
      3,
      0,
      1,
    ],
    [
      '34 % of 3 missing: enough for one',
      { maxSurge: number(0), maxUnavailable: percent(34) },
      3,
      0,
      1,
    ],
    ['100 % both', { maxSurge: percent(100), maxUnavailable: percent(100) }, 4, 4, 4],
    ['numbers of both', { maxSurge: number(2), maxUnavailable: number(1) }, 4, 2, 1],
    [
      'stop-first, whatever may stand beside: one must be missing',
      { maxSurge: number(1), maxUnavailable: number(0), order: 'stop-first' },
      4,
      1,
      1,
    ],
    ['only what may be missing is written', { maxUnavailable: number(1), parallelism: 0 }, 4, 0, 1],
    ['only what may stand beside is written', { maxSurge: number(1), parallelism: 0 }, 4, 1, 0],
    [
      'only what may stand beside is written, with stop-first',
      { maxSurge: number(1), parallelism: 0, order: 'stop-first' },
      4,
      1,
      1,
    ],
    ['0 and 0: one may be missing', { maxSurge: number(0), maxUnavailable: number(0) }, 4, 0, 1],
    [
      '0 % and 0 %: one may be missing',
      { maxSurge: percent(0), maxUnavailable: percent(0) },
      4,
      0,
      1,
    ],
  ])('%s', (_name, policy, slots, surge, unavailable) => {
    expect(bounds(policy, slots)).toEqual({ surge, unavailable });
  });

  it('never allows no change at all, whatever the manifest says (law)', () => {
    const share = fc.oneof(fc.nat(10).map(number), fc.nat(100).map(percent));
    const order = fc.constantFrom('start-first', 'stop-first');
    fc.assert(
      fc.property(share, share, order, fc.nat(20), (maxSurge, maxUnavailable, by, slots) => {
        const { surge, unavailable } = bounds({ maxSurge, maxUnavailable, order: by }, slots);

        expect(surge + unavailable).toBeGreaterThan(0);
      }),
    );
  });
});

describe('canarySlots()', () => {
  it.each([
    ['a number', number(2), 5, 2],
    ['never more than there are', number(7), 5, 5],
    ['a percentage, rounded up', percent(10), 15, 2],
    ['at least one', percent(1), 3, 1],
    ['all', percent(100), 3, 3],
    ['exactly, without an error of floating point', percent(7), 100, 7],
  ])('%s', (_name, share, slots, expected) => {
    expect(canarySlots(share, slots)).toBe(expected);
  });
});
