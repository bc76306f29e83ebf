import { describe, expect, it } from 'vitest';

import { heldBack, highestTag } from '../../../src/source/tag-version.ts';

const tags = [
  'v1.2.0',
  'v1.10.0',
  'v1.9.9',
  '2.0.0',
  'v2.1.0-rc.1',
  'fleet-3.0.0',
  'prod/v1.1.0',
  'prod/1.0.5',
  'v1.2',
  'nightly',
  'v01.2.3',
];

describe('highestTag()', () => {
  it.each([
    { range: '1.x', highest: 'v1.10.0' },
    { range: '>=1.2.0 <1.10', highest: 'v1.9.9' },
    { range: '*', highest: '2.0.0' },
    { range: '2.x', highest: '2.0.0' },
    { range: '>=2.1.0-0', highest: 'v2.1.0-rc.1' },
    { range: '>=2.0.0-0 <2.1', highest: '2.0.0' },
    { range: '1.9.9', highest: 'v1.9.9' },
    { range: '1.x || 3.x', tagPrefix: 'fleet-', highest: 'fleet-3.0.0' },
    { range: '1.x', tagPrefix: 'prod/', highest: 'prod/v1.1.0' },
    { range: '3.x', highest: undefined },
    { range: '>=2.1.0', highest: undefined },
  ])('of "$range" after "$tagPrefix" is $highest', ({ range, tagPrefix = '', highest }) => {
    expect(highestTag(tags, { kind: 'semver', range, tagPrefix })).toBe(highest);
  });

  it('is the same whatever the order of two names of one version', () => {
    const versions = { kind: 'semver', range: '*', tagPrefix: '' } as const;

    expect(highestTag(['v1.0.0', '1.0.0'], versions)).toBe('1.0.0');
    expect(highestTag(['1.0.0', 'v1.0.0'], versions)).toBe('1.0.0');
    expect(highestTag(['1.0.0+2', '1.0.0+10'], versions)).toBe('1.0.0+10');
  });
});

it('heldBack() finds the prerelease that a range does not name', () => {
  expect(heldBack(tags, { kind: 'semver', range: '>=2.1.0-0', tagPrefix: '' })).toBe('v2.1.0-rc.1');
  expect(heldBack(tags, { kind: 'semver', range: '4.x', tagPrefix: '' })).toBeUndefined();
});
