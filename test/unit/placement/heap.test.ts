import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { heapify, removeLeast, sink } from '../../../src/placement/heap.ts';

function ascending(a: number, b: number): number {
  return a - b;
}

interface Entry {
  value: number;
}

function byValue(a: Entry, b: Entry): number {
  return a.value - b.value;
}

describe('a heap', () => {
  it('gives what is in it from the least to the greatest', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = [...numbers];
        heapify(heap, ascending);
        const taken: number[] = [];
        for (let [least] = heap; least !== undefined; [least] = heap) {
          taken.push(least);
          removeLeast(heap, ascending);
        }

        expect(taken).toEqual(numbers.toSorted(ascending));
      }),
    );
  });

  it('has its least in front after an entry has grown', () => {
    const grown = fc.record({ at: fc.nat(), by: fc.nat() });
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), fc.array(grown), (numbers, changes) => {
        const heap = numbers.map((value) => ({ value }));
        heapify(heap, byValue);
        for (const { at, by } of changes) {
          const entry = heap[at % heap.length];
          if (entry !== undefined) entry.value += by;
          sink(heap, at % heap.length, byValue);
          expect(heap[0]?.value).toBe(Math.min(...heap.map(({ value }) => value)));
        }
      }),
    );
  });
});
