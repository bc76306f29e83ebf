import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isoTime, parseIsoTime } from '../../../src/model/iso-time.ts';

function byDate(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

describe('isoTime()', () => {
  it.each([
    [0, '1970-01-01T00:00:00Z'],
    [999, '1970-01-01T00:00:00Z'],
    [951_782_400_000, '2000-02-29T00:00:00Z'],
    [1_709_164_799_000, '2024-02-28T23:59:59Z'],
    [4_107_542_400_000, '2100-03-01T00:00:00Z'],
    [-1, '1969-12-31T23:59:59Z'],
  ])('writes %i as %s', (ms, text) => {
    expect(isoTime(ms)).toBe(text);
  });

  it('agrees with Date from the year 1000 to the year 9999 (law)', () => {
    const times = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(10_000, 0, 1) - 1 });
    fc.assert(
      fc.property(times, (ms) => {
        expect(isoTime(ms)).toBe(byDate(ms));
        expect(parseIsoTime(isoTime(ms))).toBe(Math.floor(ms / 1_000) * 1_000);
      }),
      { numRuns: 2_000 },
    );
  });

  it('agrees with Date on every day of four centuries', () => {
    const day = 86_400_000;
    const first = Date.UTC(1970, 0, 1);
    const days = Array.from({ length: 146_097 }, (_, index) => first + index * day);

    expect(days.filter((ms) => isoTime(ms) !== byDate(ms))).toEqual([]);
    expect(days.filter((ms) => parseIsoTime(isoTime(ms)) !== ms)).toEqual([]);
  });
});
