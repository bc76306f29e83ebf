import { expect, it } from 'vitest';

import { BoundedCache } from '../../../src/source/bounded-cache.ts';

it('BoundedCache forgets what was not used for longest', () => {
  const cache = new BoundedCache<string, number>(10, (weight) => weight);
  cache.set('a', 4);
  cache.set('b', 4);
  cache.get('a');
  cache.set('c', 4);

  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([4, undefined, 4]);
});

it('BoundedCache counts a replaced value once and keeps one that is too heavy alone', () => {
  const cache = new BoundedCache<string, number>(10, (weight) => weight);
  cache.set('a', 6);
  cache.set('a', 6);
  cache.set('b', 4);

  expect(cache.get('a')).toBe(6);
  cache.set('heavy', 99);
  expect([cache.get('a'), cache.get('b'), cache.get('heavy')]).toEqual([undefined, undefined, 99]);
});
