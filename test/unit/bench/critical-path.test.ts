import { describe, expect, it } from 'vitest';

import type { Activity, Phase } from '../../../bench/critical-path.ts';
import { activitiesOf, criticalPath, sums } from '../../../bench/critical-path.ts';
import type { StepRecord } from '../../../bench/step-log.ts';

function activity(key: string, phase: Phase, startMs: number, endMs: number): Activity {
  return { key, phase, startMs, endMs };
}

function total(spent: Readonly<Record<Phase, number>>): number {
  return Object.values(spent).reduce((sum, ms) => sum + ms, 0);
}

describe('the critical path', () => {
  it('leaves out what went on beside it, and adds up to the whole time', () => {
    const path = criticalPath(
      [
        activity('1', 'start', 110, 200),
        activity('1', 'stop', 205, 260),
        activity('1', 'remove', 260, 290),
        activity('2', 'start', 264, 400),
      ],
      100,
      420,
    );
    expect(path).toMatchObject({ open: 10, start: 226, stop: 55, remove: 0, decide: 9, close: 20 });
    expect(total(path)).toBe(320);
  });

  it('follows the slot, even when another one ended something later', () => {
    const path = criticalPath(
      [
        activity('1', 'start', 0, 50),
        activity('2', 'create', 0, 58),
        activity('1', 'stop', 60, 90),
      ],
      0,
      90,
    );
    expect(path).toMatchObject({ start: 50, create: 0, decide: 10, stop: 30 });
  });

  it('is the whole time when nothing was done', () => {
    expect(criticalPath([], 5, 25)).toMatchObject({ open: 20 });
  });
});

describe('the activities', () => {
  const start: StepRecord = {
    key: 'shop/web/1',
    phase: 'start',
    call: 'start',
    subject: 'abc',
    startMs: 0,
    endMs: 100,
  };
  const promotion: StepRecord = {
    ...start,
    phase: 'promote',
    call: 'update',
    startMs: 160,
    endMs: 170,
  };

  it('split a step around its own call, and hold the wait for the gate', () => {
    const calls = [
      { kind: 'inspect', path: '/v1.41/containers/abc/json', startMs: 1, endMs: 5 },
      { kind: 'start', path: '/v1.41/containers/abc/start', startMs: 5, endMs: 80 },
    ] as const;
    const spent = sums(activitiesOf({ begin: 0, end: 170, calls, steps: [start, promotion] }));
    expect(spent).toMatchObject({
      'before call': 5,
      start: 75,
      'after call': 20,
      gate: 60,
      promote: 10,
    });
  });

  it('take a step whose call is not known as a whole', () => {
    const spent = sums(activitiesOf({ begin: 0, end: 100, calls: [], steps: [start] }));
    expect(spent).toMatchObject({ start: 100, 'before call': 0 });
  });
});
