import { describe, expect, it } from 'vitest';

import type { AnalysisTarget } from '../../../src/model/analysis.ts';
import type { QueryReading } from '../../../src/model/autoscale.ts';
import { AnalysisWatch } from '../../../src/reconcile/analysis-watch.ts';
import { settle, VirtualClock } from '../../simulation/virtual-clock.ts';

const url = 'http://prometheus.example.com';
const key = 'shop/web';
const target: AnalysisTarget = {
  application: 'shop',
  service: 'web',
  since: 1_000,
  analysis: {
    queries: [
      { name: 'errors', query: 'sum(errors)', pass: { operator: '<', number: 1 }, fail: null },
      { name: 'latency', query: 'max(x)', pass: { operator: '<', number: 5 }, fail: null },
    ],
    intervalMs: 30_000,
    failureLimit: 0,
  },
};

interface Measuring extends Disposable {
  readonly watch: AnalysisWatch;
  /** What was asked, as `QUERY at URL`. */
  readonly asked: readonly string[];
  readonly changes: () => number;
  readonly pass: (ms: number) => Promise<void>;
}

/** What each query gives, from the first answer on; the last one stays. */
function measuring(...answers: readonly QueryReading[]): Measuring {
  const clock = new VirtualClock(1_000);
  const asked: string[] = [];
  let changes = 0;
  const watch = new AnalysisWatch({
    clock,
    ask: async ({ url: where, query }) => {
      asked.push(`${query} at ${where}`);
      const turn = Math.floor((asked.length - 1) / 2);
      return answers[turn] ?? answers.at(-1) ?? { kind: 'unread', reason: 'nothing' };
    },
    onChange: () => void (changes += 1),
  });
  const pass = async (ms: number): Promise<void> => {
    await settle();
    const until = clock.now() + ms;
    while (await clock.step(until));
  };
  return {
    watch,
    asked,
    changes: () => changes,
    pass,
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

const read = (value: number): QueryReading => ({ kind: 'read', value });

describe('what is measured of canaries', () => {
  it('is each query, once an interval, from one interval on', async () => {
    using one = measuring(read(0));
    one.watch.watch([target], url);
    await one.pass(29_999);
    expect(one.asked).toEqual([]);
    await one.pass(1);

    expect(one.asked).toEqual([`sum(errors) at ${url}`, `max(x) at ${url}`]);
    expect(one.changes()).toBe(1);
    await one.pass(60_000);
    expect(one.changes()).toBe(3);
    one.watch.watch([target], url);
    await one.pass(0);
    expect(one.watch.readings(url).get(key)?.queries.get('errors')).toEqual({
      measured: 3,
      failed: 0,
      last: read(0),
    });
  });

  it('is counted, and what is not known counts as no measurement', async () => {
    const away: QueryReading = { kind: 'unread', reason: 'HTTP 503' };
    using one = measuring(read(3), away, read(0));
    one.watch.watch([target], url);
    await one.pass(60_000);
    expect(one.watch.readings(url).get(key)?.queries).toEqual(
      new Map([
        ['errors', { measured: 1, failed: 1, last: away }],
        ['latency', { measured: 1, failed: 0, last: away }],
      ]),
    );
    await one.pass(30_000);

    expect(one.watch.readings(url).get(key)?.queries.get('errors')).toEqual({
      measured: 2,
      failed: 1,
      last: read(0),
    });
  });

  it.each<[string, readonly AnalysisTarget[], string | undefined]>([
    ['another watch over them begins', [{ ...target, since: 2_000 }], url],
    ['it is to be measured elsewhere', [target], 'http://other.example.com'],
  ])('begins anew when %s', async (_name, targets, where) => {
    using one = measuring(read(0));
    one.watch.watch([target], url);
    await one.pass(45_000);
    one.watch.watch(targets, where);
    expect(one.watch.readings(where).get(key)?.queries.size).toBe(0);
    await one.pass(29_999);
    expect(one.asked).toHaveLength(2);
    await one.pass(1);

    expect(one.asked).toHaveLength(4);
    expect(one.asked.at(-1)).toBe(`max(x) at ${where}`);
  });

  it.each(['http://other.example.com', undefined])(
    'is not known any more when it is to be asked at %s, before that is measured',
    async (elsewhere) => {
      using one = measuring(read(0));
      one.watch.watch([target], url);
      await one.pass(45_000);

      expect(one.watch.readings(url).size).toBe(1);
      expect(one.watch.readings(elsewhere).size).toBe(0);
    },
  );

  it('begins anew after this process stood still', async () => {
    using one = measuring(read(0));
    one.watch.watch([target], url);
    await one.pass(45_000);
    one.watch.beginAnew();
    expect(one.watch.readings(url).size).toBe(0);
    one.watch.watch([target], url);
    await one.pass(29_999);
    expect(one.asked).toHaveLength(2);
    await one.pass(1);

    expect(one.watch.readings(url).get(key)?.queries.get('errors')?.measured).toBe(1);
  });

  it.each<[string, readonly AnalysisTarget[], string | undefined]>([
    ['nobody wants to know', [], url],
    ['there is nobody to ask', [target], undefined],
  ])('ends when %s', async (_name, targets, where) => {
    using one = measuring(read(0));
    one.watch.watch([target], url);
    await one.pass(45_000);
    one.watch.watch(targets, where);
    await one.pass(90_000);

    expect(one.asked).toHaveLength(2);
    expect(one.watch.readings(where).size).toBe(0);
  });
});
