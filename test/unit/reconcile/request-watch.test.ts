import { describe, expect, it } from 'vitest';

import type { Journal } from '../../../src/journal/journal.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { OperatorRequest } from '../../../src/model/request.ts';
import { RequestWatch } from '../../../src/reconcile/request-watch.ts';

/** A clock that stands still until it is told to go on. */
class StillClock implements Clock {
  #now = 0;
  readonly #due = new Map<() => void, number>();

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const own = (): void => callback();
    this.#due.set(own, this.#now + ms);
    return () => this.#due.delete(own);
  }

  /** Times that are waited for. */
  pending(): number {
    return this.#due.size;
  }

  go(ms: number): void {
    this.#now += ms;
    for (const [callback, at] of this.#due) {
      if (at > this.#now) continue;
      this.#due.delete(callback);
      callback();
    }
  }
}

function aRequest(id: number): OperatorRequest {
  return { id, kind: 'retry', application: 'shop', by: 'ada', at: 0 };
}

/** A watch over requests that the test writes; `calls` counts how often it told of new ones. */
function watching(read: () => readonly OperatorRequest[]): {
  readonly clock: StillClock;
  readonly watch: RequestWatch;
  readonly calls: () => number;
} {
  const clock = new StillClock();
  let calls = 0;
  const journal: Pick<Journal, 'requests'> = { requests: read };
  const watch = new RequestWatch(journal, clock, () => {
    calls += 1;
  });
  return { clock, watch, calls: () => calls };
}

describe('RequestWatch', () => {
  it('tells of a new request within a second, and once', () => {
    const requests: OperatorRequest[] = [];
    const { clock, calls } = watching(() => requests);
    clock.go(1_000);
    expect(calls()).toBe(0);

    requests.push(aRequest(1));
    clock.go(999);
    expect(calls()).toBe(0);
    clock.go(1);
    expect(calls()).toBe(1);

    clock.go(1_000);
    expect(calls()).toBe(1);
  });

  it('tells of the next one, also after the first was answered', () => {
    const requests = [aRequest(1)];
    const { clock, calls } = watching(() => requests);
    clock.go(1_000);
    requests.splice(0, 1, aRequest(2));

    clock.go(1_000);

    expect(calls()).toBe(2);
  });

  it('leaves a journal that cannot be read to the pass, which says so', () => {
    const { clock, calls } = watching(() => {
      throw new Error('disk I/O error');
    });

    clock.go(1_000);

    expect(calls()).toBe(1);
  });

  it('looks no more when it is disposed of', () => {
    const { clock, watch, calls } = watching(() => [aRequest(1)]);

    watch[Symbol.dispose]();
    clock.go(10_000);

    expect([calls(), clock.pending()]).toEqual([0, 0]);
  });
});
