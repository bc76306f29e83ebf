import { expect, it } from 'vitest';

import { fairShares } from '../../support/fair-shares.ts';

const itself = (weight: number): number => weight;

it('shares weigh about the same, and each thing is in one of them', () => {
  expect(fairShares([1, 2, 3, 4, 5, 9], itself, [0, 0])).toEqual([
    [9, 3],
    [5, 4, 2, 1],
  ]);
});

it('a share that holds something already is given less', () => {
  expect(fairShares([4, 4, 4], itself, [0, 7])).toEqual([[4, 4], [4]]);
  expect(fairShares([4, 4], itself, [0, 9])).toEqual([[4, 4], []]);
});
