import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { pollDelayMs } from '../../../src/source/poll-delay.ts';

describe('pollDelayMs()', () => {
  it.each([
    { name: 'the interval when all is well', failures: 0, delay: 10_000 },
    { name: 'twice the interval after a failure', failures: 1, delay: 20_000 },
    { name: 'eight times after three', failures: 3, delay: 80_000 },
    { name: 'five minutes at most', failures: 1000, delay: 300_000 },
  ])('is $name', ({ failures, delay }) => {
    expect(pollDelayMs(10_000, failures, 0.5)).toBe(delay);
  });

  it('never shortens an interval longer than the limit', () => {
    expect(pollDelayMs(3_600_000, 4, 0.5)).toBe(3_600_000);
  });

  it('stays within a tenth of the middle and never falls with more failures', () => {
    const values = [
      fc.integer({ min: 100, max: 1e6 }),
      fc.nat(50),
      fc.double({ min: 0, max: 1, noNaN: true }),
    ] as const;
    fc.assert(
      fc.property(...values, (interval, failures, random) => {
        const middle = pollDelayMs(interval, failures, 0.5);
        const delay = pollDelayMs(interval, failures, random);
        expect(Math.abs(delay - middle)).toBeLessThanOrEqual(middle * 0.1 + 1);
        expect(pollDelayMs(interval, failures + 1, random)).toBeGreaterThanOrEqual(delay);
      }),
    );
  });
});
