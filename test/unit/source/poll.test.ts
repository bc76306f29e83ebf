import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { startPolling } from '../../../src/source/poll.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';

it('startPolling() looks at the interval, later after failures, and never once it is stopped', async () => {
  const clock = new VirtualClock(0);
  const looks: number[] = [];
  const look = async (): Promise<boolean> => {
    looks.push(clock.now());
    return looks.length < 3;
  };
  const poll = startPolling({ clock, intervalMs: 60, random: () => 0.5, look });
  while (looks.length < 4) await clock.step(1000);
  await poll[Symbol.asyncDispose]();

  expect(await clock.step(1_000_000)).toBe(false);
  expect(looks).toEqual([60, 120, 180, 300]);
});

it('startPolling() waits for a look under way when it is stopped', async () => {
  let state = 'not begun';
  const look = async (signal: AbortSignal): Promise<boolean> => {
    state = 'begun';
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await sleep(20);
    state = 'ended';
    return true;
  };
  const poll = startPolling({ clock: systemClock, intervalMs: 1, random: () => 0.5, look });
  await expect.poll(() => state).toBe('begun');

  await poll[Symbol.asyncDispose]();

  expect(state).toBe('ended');
});
