import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { startPolling } from '../../../src/source/poll.ts';

it('startPolling() looks at the interval, later after failures, and never once it is stopped', async () => {
  const looks: number[] = [];
  const look = async (): Promise<boolean> => {
    looks.push(performance.now());
    return looks.length < 3;
  };
  const poll = startPolling({ intervalMs: 60, random: () => 0.5, look });
  await expect.poll(() => looks.length, { timeout: 5000, interval: 5 }).toBe(4);
  await poll[Symbol.asyncDispose]();
  await sleep(400);

  const [first = 0, second = 0, third = 0, fourth = 0] = looks;
  expect(looks).toHaveLength(4);
  expect(second - first).toBeGreaterThan(50);
  expect(third - second).toBeGreaterThan(50);
  expect(fourth - third).toBeGreaterThan(110);
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
  const poll = startPolling({ intervalMs: 1, random: () => 0.5, look });
  await expect.poll(() => state).toBe('begun');

  await poll[Symbol.asyncDispose]();

  expect(state).toBe('ended');
});
