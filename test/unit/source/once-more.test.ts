import { describe, expect, it } from 'vitest';

import { StalledError, TransientError } from '../../../src/model/errors.ts';
import { askOnceMore } from '../../../src/source/once-more.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';
import { never } from '../../support/open-test-source.ts';

const tooOften = new TransientError('RateLimited', 'too often');
const lost = new TransientError('GitUnreachable', 'lost');

describe('askOnceMore()', () => {
  it.each([
    { name: 'an answer', failures: [], asked: 1 },
    { name: 'one after a failure', failures: [lost], asked: 2 },
    { name: 'the second failure', failures: [lost, lost], asked: 2 },
    { name: 'at once what needs a human', failures: [new StalledError('X', 'x')], asked: 1 },
    { name: 'at once that it asks too often', failures: [tooOften], asked: 1 },
    { name: 'at once a failure that took long', failures: [lost], tookMs: 30_000, asked: 1 },
    { name: 'at once when it was ended', failures: [lost], signal: AbortSignal.abort(), asked: 1 },
  ])('gives $name', async ({ failures, asked, tookMs = 10, signal = never }) => {
    const clock = new VirtualClock(0);
    let count = 0;
    const ask = async (): Promise<string> => {
      await clock.step(clock.now() + tookMs);
      count += 1;
      const failure = failures[count - 1];
      if (failure !== undefined) throw failure;
      return 'answer';
    };

    const outcome = await askOnceMore(clock, signal, ask).catch((error: unknown) => error);

    expect(count).toBe(asked);
    expect(outcome).toBe(failures[asked - 1] ?? 'answer');
  });
});
