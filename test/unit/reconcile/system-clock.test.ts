import { afterEach, expect, it, vi } from 'vitest';

import { systemClock } from '../../../src/reconcile/system-clock.ts';

afterEach(() => vi.useRealTimers());

it('systemClock counts whole milliseconds and does not follow a wall clock that is set back', () => {
  const before = systemClock.now();
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });

  const after = systemClock.now();

  expect(Number.isInteger(after)).toBe(true);
  expect(after).toBeGreaterThanOrEqual(before);
});

it.each([
  { ms: 10, firesAfter: 10 },
  { ms: Number.MAX_SAFE_INTEGER, firesAfter: 2 ** 31 - 1 },
])('systemClock.after($ms) calls back after $firesAfter ms', ({ ms, firesAfter }) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const callback = vi.fn<() => void>();
  systemClock.after(ms, callback);

  vi.advanceTimersByTime(firesAfter - 1);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);

  expect(callback).toHaveBeenCalledOnce();
});

it('systemClock.after() gives the way to cancel', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const callback = vi.fn<() => void>();
  const cancel = systemClock.after(10, callback);

  cancel();
  vi.advanceTimersByTime(20);

  expect(callback).not.toHaveBeenCalled();
});
