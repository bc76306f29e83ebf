import { describe, expect, it } from 'vitest';

import { together } from '../../../src/sandbox/together.ts';

describe('together()', () => {
  it('gives the results in the order of the tasks', async () => {
    const late = Promise.resolve().then(() => 1);

    expect(await together(undefined, [async () => await late, async () => 2])).toEqual([1, 2]);
  });

  it('aborts the others when one fails, and throws only after they ended', async () => {
    const ended: string[] = [];
    const waiting = async (signal: AbortSignal): Promise<void> => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await Promise.resolve();
      ended.push('waiting');
    };

    await expect(together(undefined, [waiting, fail])).rejects.toThrow('no disk');
    expect(ended).toEqual(['waiting']);
  });

  it('passes on an abort from outside', async () => {
    const outside = new AbortController();
    outside.abort(new Error('interrupted'));

    await expect(together(outside.signal, [stopIfAborted])).rejects.toThrow('interrupted');
  });
});

async function fail(): Promise<void> {
  throw new Error('no disk');
}

async function stopIfAborted(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
}
