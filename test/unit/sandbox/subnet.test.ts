import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { chooseSubnet, lanRange, parseRange } from '../../../src/sandbox/subnet.ts';

describe('parseRange()', () => {
  it.each([
    { text: '10.0.0.1', range: { first: 0x0a000001, last: 0x0a000001 } },
    { text: '10.1.2.3/16', range: { first: 0x0a010000, last: 0x0a01ffff } },
    { text: '0.0.0.0/1', range: { first: 0, last: 0x7fffffff } },
    { text: '0.0.0.0/0', range: null },
    { text: 'default', range: null },
  ])('reads $text', ({ text, range }) => {
    expect(parseRange(text)).toEqual(range);
  });
});

describe('chooseSubnet()', () => {
  const ids = fc.stringMatching(/^fw[0-9a-f]{8}$/);

  it('never meets a network that is in use', () => {
    const networks = fc.array(
      fc.record({ y: fc.nat(127), z: fc.nat(255), bits: fc.integer({ min: 14, max: 32 }) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(ids, networks, (id, taken) => {
        const inUse = taken
          .map(({ y, z, bits }) => parseRange(`10.${y}.${z}.7/${bits}`))
          .filter((range) => range !== null);
        const chosen = parseRange(lanRange(chooseSubnet(id, inUse)));

        expect(
          inUse.filter(
            (range) => range.first <= (chosen?.last ?? 0) && (chosen?.first ?? 0) <= range.last,
          ),
        ).toEqual([]);
      }),
    );
  });

  it('lets many fleets that start at once have a network each', () => {
    const inUse = [];
    const chosen = new Set<string>();
    for (let fleet = 0; fleet < 50; fleet++) {
      const subnet = chooseSubnet('fw00000000', inUse);
      inUse.push(parseRange(lanRange(subnet)) ?? expect.fail('no range'));
      chosen.add(subnet);
    }

    expect(chosen.size).toBe(50);
  });

  it('says when nothing is free', () => {
    const everything = [{ first: 0, last: 2 ** 32 - 1 }];

    expect(() => chooseSubnet('fw00000000', everything)).toThrow('all of 10.64.0.0/10 is in use');
  });
});
