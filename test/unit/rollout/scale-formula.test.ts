import { describe, expect, it } from 'vitest';

import type { QueryReading } from '../../../src/model/autoscale.ts';
import type {
  Metric,
  Reading,
  ScaleInput,
  ScaleVerdict,
} from '../../../src/rollout/scale-formula.ts';
import { judgeScale } from '../../../src/rollout/scale-formula.ts';

const second = 1_000;
const minute = 60 * second;
const at = 100 * minute;

/** A number: what is used of a CPU in percent; `?`: not measured; `-`: does not serve. */
type Sign = number | '?' | '-';

function cpu(...signs: readonly Sign[]): Metric {
  return { name: 'cpu', target: 70, readings: signs.map(readingOf) };
}

function requests(...signs: readonly Sign[]): Metric {
  return { name: 'requests', target: 100, readings: signs.map(readingOf) };
}

/** A number of the service as a whole; `?`: there was no answer. */
function query(sign: number | '?'): Metric {
  const result: QueryReading =
    sign === '?' ? { kind: 'unread', reason: 'HTTP 503' } : { kind: 'read', value: sign };
  return { name: 'prometheus', target: 30, result };
}

const unknown: Metric = { name: 'requests', target: 100, readings: null };

function readingOf(sign: Sign): Reading {
  if (sign === '?') return { kind: 'missing' };
  return sign === '-' ? { kind: 'unready' } : { kind: 'read', value: sign };
}

function judge(metrics: readonly Metric[], facts: Partial<ScaleInput> = {}): ScaleVerdict {
  const counts = metrics.map((one) => ('readings' in one ? (one.readings?.length ?? 0) : 0));
  const current = Math.max(1, ...counts);
  return judgeScale({
    spec: { min: 1, max: 100, stabilizationMs: 0 },
    current,
    metrics,
    at,
    recommendations: [],
    changes: [],
    ...facts,
  });
}

describe('the number of instances that a load asks for', () => {
  it.each<[string, readonly Metric[], number, string]>([
    ['at the target', [cpu(70, 70)], 2, ''],
    ['a tenth above', [cpu(77, 77)], 2, ''],
    ['a tenth below', [cpu(63, 63)], 2, ''],
    ['more than a tenth above', [cpu(78, 78)], 3, 'cpu 78 % above 70 %'],
    ['more than a tenth below', [cpu(30, 32)], 1, 'cpu 31 % below 70 %'],
    ['below, and no fewer are enough', [cpu(60, 60)], 2, ''],
    ['the mean counts', [cpu(140, 0)], 2, ''],
    ['4 at 93 %', [cpu(93, 93, 93, 93)], 6, 'cpu 93 % above 70 %'],
    ['twice the target', [cpu(140, 140, 140)], 6, 'cpu 140 % above 70 %'],
    [
      'a third that is no exact number',
      [requests(110, 110, 110.1), cpu(1, 1, 1)],
      4,
      'requests 110/s above 100/s',
    ],
    ['hardly any requests', [requests(0.25, 0.25)], 1, 'requests 0.3/s below 100/s'],
  ])('%s', (_name, metrics, replicas, why) => {
    expect(judge(metrics)).toMatchObject({ replicas, why });
  });

  it.each<[string, readonly Metric[], number, number, string]>([
    ['at the target', [query(90)], 3, 3, ''],
    ['a tenth above', [query(99)], 3, 3, ''],
    ['more than a tenth above', [query(100)], 3, 4, 'prometheus 33 above 30'],
    ['more than a tenth below', [query(60)], 3, 2, 'prometheus 20 below 30'],
    ['nothing to do', [query(0)], 3, 1, 'prometheus 0 below 30'],
    ['less than nothing', [query(-7)], 3, 1, 'prometheus -2.3 below 30'],
    [
      'more than anybody could count',
      [query(1e300)],
      3,
      7,
      'prometheus 3.3333333333333335e+299 above 30',
    ],
    ['of small numbers', [{ ...query(0.06), target: 0.02 }], 2, 3, 'prometheus 0.03 above 0.02'],
    ['not known', [query('?')], 3, 3, ''],
    ['not known, and fewer would be enough', [query('?'), cpu(7, 7, 7)], 3, 3, ''],
    [
      'not known, and more are wanted',
      [query('?'), cpu(140, 140, 140)],
      3,
      6,
      'cpu 140 % above 70 %',
    ],
    [
      'it asks for more than the CPUs do',
      [query(150), cpu(78, 78, 78)],
      3,
      5,
      'prometheus 50 above 30',
    ],
  ])('a query: %s', (_name, metrics, current, replicas, why) => {
    const verdict = judge(metrics, { current });

    expect(verdict).toMatchObject({ replicas, why });
  });

  it.each<[string, readonly Metric[], number]>([
    ['nobody is measured', [cpu('?', '?')], 2],
    ['nobody serves', [cpu('-', '-')], 2],
    ['nothing is known', [unknown], 1],
    ['above, and who is not measured counts as idle: still above', [cpu(210, 210, '?')], 6],
    ['above, and who is not measured counts as idle: no more than enough', [cpu(100, 100, '?')], 3],
    [
      'above, and who is not measured counts as idle: below, which is no reason for fewer',
      [cpu(80, '?', '?', '?')],
      4,
    ],
    [
      'below, and who is not measured counts as at the target: still below',
      [cpu(10, 10, 10, '?')],
      2,
    ],
    [
      'below, and who is not measured counts as at the target: within the tolerance',
      [cpu(60, '?', '?', '?')],
      4,
    ],
    ['above, and who does not serve yet counts as idle', [cpu(140, 140, '-', '-')], 4],
    ['far above, and who does not serve yet counts as idle', [cpu(210, 210, '-', '-')], 6],
    ['below, and who does not serve is not counted', [cpu(35, 35, '-', '-')], 1],
  ])('with instances that are not known: %s', (_name, metrics, replicas) => {
    expect(judge(metrics).replicas).toBe(replicas);
  });

  it.each<[string, readonly Metric[], number]>([
    ['the one that asks for more', [cpu(70, 70), requests(200, 200)], 4],
    [
      'the one that asks for more, of two that ask for fewer',
      [cpu(10, 10, 10), requests(60, 60, 60)],
      2,
    ],
    ['more, though the other one is not known', [cpu(140, 140), unknown], 4],
    ['not fewer while the other one is not known', [cpu(10, 10), unknown], 2],
  ])('of two metrics: %s', (_name, metrics, replicas) => {
    expect(judge(metrics).replicas).toBe(replicas);
  });

  it('stays within its bounds, whatever the load is', () => {
    const spec = { min: 2, max: 5, stabilizationMs: 0 };

    expect(judge([cpu(700, 700, 700, 700)], { spec }).replicas).toBe(5);
    expect(judge([cpu(0, 0, 0, 0)], { spec }).replicas).toBe(2);
  });
});

describe('how fast the number changes', () => {
  it.each([
    [1, 5],
    [3, 7],
    [4, 8],
    [10, 20],
  ])('from %d to %d at most at once', (current, most) => {
    const load = cpu(...Array<number>(current).fill(7_000));

    expect(judge([load]).replicas).toBe(most);
  });

  it.each([
    ['what was added 15 s ago does not count', 15 * second, 16],
    ['what was added just now does', 14 * second, 8],
  ])('%s', (_name, ago, most) => {
    const changes = [{ at: at - ago, by: 4 }];

    expect(judge([cpu(...Array<number>(8).fill(700))], { changes }).replicas).toBe(most);
  });

  it('counts what was taken away just now as room', () => {
    const changes = [{ at: at - second, by: -6 }];

    expect(judge([cpu(7_000, 7_000)], { changes }).replicas).toBe(16);
  });

  it('does not take away what was added too fast', () => {
    const changes = [{ at: at - second, by: 20 }];

    expect(judge([cpu(...Array<number>(24).fill(700))], { changes }).replicas).toBe(24);
  });

  it('goes down at once by any number when that was enough for all of the time', () => {
    const spec = { min: 1, max: 100, stabilizationMs: 5 * minute };
    const low = [cpu(...Array<number>(20).fill(3))];
    const before = (ago: number, replicas: number): ScaleInput['recommendations'] => [
      { at: at - 6 * minute, replicas: 20 },
      { at: at - ago, replicas },
    ];

    expect(judge(low, { spec, recommendations: before(minute, 1) }).replicas).toBe(1);
    expect(judge(low, { spec, recommendations: before(5 * minute, 9) }).replicas).toBe(1);
    expect(judge(low, { spec, recommendations: before(5 * minute - 1, 9) }).replicas).toBe(9);
    expect(judge(low, { spec, recommendations: before(minute, 30) }).replicas).toBe(20);
  });

  it('takes the number of now for what was asked for before anything is known', () => {
    const spec = { min: 1, max: 100, stabilizationMs: minute };
    const first = judge([cpu(3, 3)], { spec });

    expect(first).toMatchObject({ replicas: 2, why: '' });
    const { recommendations } = first;
    const again = judge([cpu(3, 3)], { spec, recommendations });
    expect(again).toEqual(first);
    const later = { spec, recommendations, at: at + minute };
    expect(judge([cpu(3, 3)], { ...later, at: at + minute - 1 }).replicas).toBe(2);
    expect(judge([cpu(3, 3)], later).replicas).toBe(1);
  });
});

describe('what is remembered of a load', () => {
  const day = 24 * 60 * minute;
  const spec = { min: 1, max: 20, stabilizationMs: 3 * day };

  it('may be a measurement each second for days', () => {
    const recommendations = Array.from({ length: 3 * 24 * 3_600 - 1 }, (_, index) => ({
      at: at - 3 * day + (index + 1) * second,
      replicas: index === 0 ? 9 : 2,
    }));

    expect(judge([cpu(3, 3)], { spec, current: 20, recommendations }).replicas).toBe(9);
  });

  it('has no number twice before the newest one, and the highest of all', () => {
    const asked = [2, 4, 9, 3, 9, 5, 5, 1];
    const recommendations = asked.map((replicas, index) => ({
      at: at - (asked.length - index) * second,
      replicas,
    }));
    const verdict = judge([requests(...Array<number>(20).fill(15))], { spec, recommendations });

    expect(verdict.replicas).toBe(9);
    expect(verdict.recommendations).toEqual([
      { at: at - 4 * second, replicas: 9 },
      { at: at - 2 * second, replicas: 5 },
      { at: at - second, replicas: 1 },
      { at, replicas: 3 },
    ]);
  });
});

/** A load that is shared evenly by all instances, measured every 15 s; gives the number after each measurement, step by step. */
function trace(
  steps: readonly (readonly [load: number, measurements: number])[],
  spec: ScaleInput['spec'],
): readonly (readonly number[])[] {
  let current = spec.min;
  let now = at;
  let recommendations: ScaleInput['recommendations'] = [];
  const changes: { at: number; by: number }[] = [];
  return steps.map(([load, measurements]) =>
    Array.from({ length: measurements }, () => {
      now += 15 * second;
      const metrics = [requests(...Array<number>(current).fill(load / current))];
      const input = { spec, current, metrics, at: now, recommendations, changes };
      const verdict = judgeScale(input);
      ({ recommendations } = verdict);
      changes.push({ at: now, by: verdict.replicas - current });
      current = verdict.replicas;
      return current;
    }),
  );
}

describe('the trace of a load that steps up and down', () => {
  it('goes up as fast as it may, and down when the lower load has lasted', () => {
    const spec = { min: 2, max: 20, stabilizationMs: minute };
    const steps = [
      [150, 3],
      [1_500, 5],
      [400, 6],
      [100, 6],
    ] as const;

    expect(trace(steps, spec)).toEqual([
      [2, 2, 2],
      [6, 12, 15, 15, 15],
      [15, 15, 15, 4, 4, 4],
      [4, 4, 4, 2, 2, 2],
    ]);
  });

  it('rides out a dip that is shorter than the stabilization', () => {
    const spec = { min: 1, max: 20, stabilizationMs: minute };

    expect(
      trace(
        [
          [500, 3],
          [100, 3],
          [500, 3],
        ],
        spec,
      ),
    ).toEqual([
      [5, 5, 5],
      [5, 5, 5],
      [5, 5, 5],
    ]);
  });

  it('does not swing at a load that is near to the target', () => {
    const spec = { min: 1, max: 20, stabilizationMs: 0 };

    expect(
      trace(
        [
          [400, 3],
          [435, 2],
          [365, 2],
          [445, 2],
        ],
        spec,
      ),
    ).toEqual([
      [4, 4, 4],
      [4, 4],
      [4, 4],
      [5, 5],
    ]);
  });
});
