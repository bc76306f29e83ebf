import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import type { ImageLookup, LookupOutcome } from '../../../src/model/lookup.ts';
import { toHostName } from '../../../src/model/names.ts';
import { Lookups } from '../../../src/reconcile/lookups.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';

const lookup: ImageLookup = {
  key: 'shop/tag/app:latest',
  host: toHostName('host-1'),
  application: 'shop',
  image: 'app:latest',
};
const down: LookupOutcome = {
  kind: 'failed',
  failure: { class: 'infrastructure', reason: 'RegistryUnavailable', message: 'no answer' },
};

function means(digest: string): LookupOutcome {
  return { kind: 'resolved', digest };
}

/** Lookups with these outcomes, one after another. */
function lookingUp(...outcomes: readonly LookupOutcome[]): {
  readonly lookups: Lookups;
  readonly ask: () => Promise<void>;
  readonly written: readonly JournalEntry[];
  readonly logged: readonly string[];
  readonly asked: () => number;
} {
  const written: JournalEntry[] = [];
  const logged: string[] = [];
  const left = [...outcomes];
  let state = emptyJournal;
  let answered: (() => void) | null = null;
  const lookups = new Lookups({
    fleet: { lookUp: async () => left.shift() ?? down },
    journal: {
      state: () => state,
      write: (entries) => {
        written.push(...entries);
        state = entries.reduce(reduceJournal, state);
      },
    },
    logger: pino({ level: 'info' }, { write: (line) => logged.push(line) }),
    clock: new VirtualClock(1_000),
    onAnswer: () => answered?.(),
  });
  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      answered = resolve;
      lookups.ask([lookup]);
    });
  return { lookups, ask, written, logged, asked: () => outcomes.length - left.length };
}

describe('Lookups', () => {
  it('remembers when there was an answer, and writes only what is new', async () => {
    const { lookups, ask, written } = lookingUp(
      means('sha256:a'),
      means('sha256:a'),
      means('sha256:b'),
    );

    for (let round = 0; round < 3; round += 1) await ask();

    expect(written).toEqual(
      ['sha256:a', 'sha256:b'].map((digest) => ({
        kind: 'tag-seen',
        application: 'shop',
        image: 'app:latest',
        digest,
      })),
    );
    expect(lookups.records().get(lookup.key)).toEqual({
      isUnderWay: false,
      answeredAt: 1_000,
      failure: null,
      failures: 0,
      retryAt: 0,
    });
  });

  it('waits ever longer after failures, and complains of the first one only', async () => {
    const { lookups, ask, written, logged } = lookingUp(means('sha256:a'), down, down, down);

    for (let round = 0; round < 4; round += 1) await ask();

    expect(lookups.records().get(lookup.key)).toMatchObject({
      answeredAt: 1_000,
      failures: 3,
      retryAt: 21_000,
    });
    expect(written).toHaveLength(1);
    expect(logged.filter((line) => line.includes('lookup failed'))).toHaveLength(1);
  });

  it('asks one question once at a time, and none after its end', async () => {
    const { lookups, ask, asked } = lookingUp(means('sha256:a'), means('sha256:b'));

    const first = ask();
    lookups.ask([lookup]);
    await first;
    expect(asked()).toBe(1);

    lookups[Symbol.dispose]();
    lookups.ask([lookup]);
    expect(asked()).toBe(1);
  });
});
