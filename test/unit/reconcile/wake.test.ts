import { describe, expect, it } from 'vitest';

import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { Wake } from '../../../src/reconcile/wake.ts';
import { never } from '../../support/open-test-source.ts';

const long = 3_600_000;

/** Whether a sleep ends within 50 ms. */
async function ends(sleep: Promise<void>): Promise<boolean> {
  const pause = new Promise<false>((resolve) => {
    setTimeout(resolve, 50, false);
  });
  return await Promise.race([sleep.then(() => true), pause]);
}

describe('Wake', () => {
  it('wakes the sleeper', async () => {
    const wake = new Wake(systemClock);
    const sleep = wake.sleep(long, never);

    wake.call();

    expect(await ends(sleep)).toBe(true);
  });

  it('does not lose a call that comes before the sleep', async () => {
    const wake = new Wake(systemClock);
    wake.call();

    expect(await ends(wake.sleep(null, never))).toBe(true);
  });

  it('wakes once for any number of calls', async () => {
    const wake = new Wake(systemClock);
    wake.call();
    wake.call();
    await wake.sleep(null, never);

    const second = wake.sleep(null, never);

    expect(await ends(second)).toBe(false);
    wake.call();
    await second;
  });

  it.each([0, -5, 10])('ends by itself after %i ms', async (untilMs) => {
    expect(await ends(new Wake(systemClock).sleep(untilMs, never))).toBe(true);
  });

  it('sleeps on for a time that no timer can count', async () => {
    const wake = new Wake(systemClock);
    const sleep = wake.sleep(Number.MAX_SAFE_INTEGER, never);

    expect(await ends(sleep)).toBe(false);
    wake.call();
    await sleep;
  });

  it('ends when it is told to stop, before or during the sleep', async () => {
    const stop = new AbortController();
    const sleep = new Wake(systemClock).sleep(null, stop.signal);

    stop.abort();

    expect(await ends(sleep)).toBe(true);
    expect(await ends(new Wake(systemClock).sleep(null, stop.signal))).toBe(true);
  });
});
