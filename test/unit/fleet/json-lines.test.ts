import { Readable } from 'node:stream';

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { readJsonLines } from '../../../src/fleet/json-lines.ts';

async function read(chunks: readonly Buffer[]): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of readJsonLines(Readable.from(chunks))) values.push(value);
  return values;
}

it('readJsonLines() gives the same values however the bytes are cut', async () => {
  const values = fc.array(fc.record({ text: fc.string({ unit: 'grapheme' }), n: fc.integer() }));
  const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 });

  await fc.assert(
    fc.asyncProperty(values, cuts, async (list, at) => {
      const bytes = Buffer.from(list.map((value) => `${JSON.stringify(value)}\r\n`).join(''));
      const edges = [0, ...at.toSorted((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));

      expect(await read(chunks)).toEqual(list);
    }),
    { numRuns: 100 },
  );
});

it('readJsonLines() passes over what is not JSON and reads a last line without an end', async () => {
  expect(await read([Buffer.from('{"a":1}\n\nrubbish\n{"b":2}')])).toEqual([{ a: 1 }, { b: 2 }]);
});
