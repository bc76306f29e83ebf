import { expect, it } from 'vitest';

import { ReadingOrder } from '../../../src/fleet/reading-order.ts';

it('ReadingOrder passes over the older of two answers, whichever subject it is about', async () => {
  const order = new ReadingOrder();
  const taken: string[] = [];
  const take = (subject: string, reading: number): void => {
    if (order.takes(subject, reading)) taken.push(`${subject} ${reading}`);
  };

  await order.run(async (older) => {
    await order.run(async (newer) => take('a', newer));
    take('a', older);
    take('b', older);
  });

  expect(taken).toEqual(['a 2', 'b 1']);
});

it('ReadingOrder remembers a newer answer while an older question is open, also after a failure', async () => {
  const order = new ReadingOrder();
  let late = true;

  await order.run(async (older) => {
    await order.run(async (newer) => {
      order.takes('a', newer);
    });
    await order.run(() => Promise.reject(new Error('lost'))).catch(() => {});
    late = order.takes('a', older);
  });

  expect(late).toBe(false);
});
