import { expect, it } from 'vitest';

import type { Deadline } from '../../../src/fleet/deadline.ts';
import { withDeadline, withEither } from '../../../src/fleet/deadline.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';

const never = new AbortController().signal;

function ping(ms: number): Deadline {
  return { what: 'ping', ms, clock: systemClock };
}

it('withDeadline() gives up on a promise that never settles', async () => {
  const result = withDeadline(ping(10), never, () => new Promise(() => {}));

  await expect(result).rejects.toMatchObject({
    trouble: 'lost',
    message: 'Cannot ping: no answer within 0.01 s',
  });
});

it('withDeadline() gives up when it is cancelled, and tells the call', async () => {
  const caller = new AbortController();
  let told: AbortSignal | undefined;

  const result = withDeadline(ping(10_000), caller.signal, (signal) => {
    told = signal;
    return new Promise(() => {});
  });
  caller.abort();

  await expect(result).rejects.toThrow('it was cancelled');
  expect(told?.aborted).toBe(true);
});

it('withDeadline() leaves a call that is over alone', async () => {
  let told: AbortSignal | undefined;

  const result = await withDeadline(ping(10_000), never, async (signal) => {
    told = signal;
    return 'pong';
  });

  expect(result).toBe('pong');
  expect(told?.aborted).toBe(false);
});

it('withEither() hands on the end of any of its signals', async () => {
  const [one, other] = [new AbortController(), new AbortController()];

  const aborted = withEither([one.signal, other.signal], async (signal) => {
    other.abort();
    return signal.aborted;
  });

  expect(await aborted).toBe(true);
});
