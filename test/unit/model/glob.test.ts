import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { globsMeet, matchesGlob } from '../../../src/model/glob.ts';

describe('matchesGlob()', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['shop', 'shop', true],
    ['shop', 'shops', false],
    ['shop*', 'shops', true],
    ['*-eu-?', 'web-eu-1', true],
    ['*-eu-?', 'web-eu-', false],
    ['a*b*c', 'a.b.b.c', true],
    ['a*b*c', 'a.b.b', false],
    ['a', '*', false],
  ])('%j takes in %j: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it('takes no longer for many stars', () => {
    expect(matchesGlob('*a'.repeat(200), 'a'.repeat(5_000) + 'b')).toBe(false);
  });
});

describe('globsMeet()', () => {
  it.each([
    ['environment.*', 'environment.A', true],
    ['env*', 'environment.*', true],
    ['*.A', 'environment.*', true],
    ['labels', 'environment.*', false],
    ['a?c', 'a*b', false],
    ['a?c', 'a*', true],
  ])('%j and %j: %s', (a, b, expected) => {
    expect(globsMeet(a, b)).toBe(expected);
    expect(globsMeet(b, a)).toBe(expected);
  });

  it('holds where a text is taken in by both (law)', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 });
    const law = fc.property(glob, glob, text, (a, b, common) => {
      fc.pre(matchesGlob(a, common) && matchesGlob(b, common));
      expect(globsMeet(a, b)).toBe(true);
    });
    fc.assert(law);
  });
});
