import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hostLayout, layoutOf } from '../../../src/sandbox/layout.ts';

describe('layoutOf()', () => {
  let folder = '';

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'fleetwright-layout-')));
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('is the same for every path to a folder', () => {
    const layout = layoutOf(join(folder, 'real'));

    expect(layoutOf(join(folder, 'link'))).toEqual(layout);
    expect(layoutOf(join(folder, 'real/../real/'))).toEqual(layout);
  });

  it('is the same before the folder is made and after it is removed', () => {
    const dir = join(folder, 'link/a/b');
    const before = layoutOf(dir);
    mkdirSync(dir, { recursive: true });

    expect(layoutOf(dir)).toEqual(before);
    expect(before.dir).toBe(join(folder, 'real/a/b'));
  });

  it('differs between folders', () => {
    expect(layoutOf(join(folder, 'x')).id).not.toBe(layoutOf(join(folder, 'y')).id);
  });
});

describe('hostLayout()', () => {
  it('keeps names of network links within 15 characters', () => {
    const layout = layoutOf('/srv/fleet');

    expect(hostLayout(layout, 200).link.length).toBeLessThanOrEqual(15);
    expect(layout.bridge.length).toBeLessThanOrEqual(15);
  });
});
