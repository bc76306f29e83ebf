import { expect, it } from 'vitest';

import type { ImageRecord } from '../../../src/model/journal-state.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { ImageEntry } from '../../../src/model/reduce-images.ts';
import { reduceImages } from '../../../src/model/reduce-images.ts';

const host = toHostName('host-1');
const image = { host, id: 'sha256:1' };

function pulled(reference: string, at: number, isNew: boolean): ImageEntry {
  return { kind: 'image-pulled', ...image, reference, isNew, application: 'shop', at };
}

function after(...entries: readonly ImageEntry[]): readonly ImageRecord[] {
  return [...entries.reduce(reduceImages, new Map<string, ImageRecord>()).values()];
}

it('an image that was pulled is known by all names that it was pulled by', () => {
  expect(after(pulled('docker.io/library/web', 1, true), pulled('web:1', 2, false))).toEqual([
    {
      ...image,
      application: 'shop',
      references: ['web:latest', 'web:1'],
      pulledAt: 2,
      unusedSince: null,
      removedAt: null,
    },
  ]);
});

it('an image that the host had under a name of others is not known', () => {
  expect(after(pulled('web:1', 1, false))).toEqual([]);
  expect(after({ kind: 'image-unused', ...image, at: 3 })).toEqual([]);
});

it('what an image is not needed for, and was removed for, is remembered until it is pulled again', () => {
  const unused: ImageEntry = { kind: 'image-unused', ...image, at: 3 };
  const removal: ImageEntry = { kind: 'image-removal', ...image, at: 4 };
  const known = [pulled('web:1', 1, true), unused, removal];

  expect(after(...known)).toMatchObject([{ unusedSince: 3, removedAt: 4 }]);
  expect(after(...known, pulled('web:1', 5, true))).toMatchObject([
    { pulledAt: 5, unusedSince: null, removedAt: 4 },
  ]);
  expect(after(...known, { kind: 'image-gone', ...image })).toEqual([]);
});
