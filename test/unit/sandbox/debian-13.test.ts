import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { debian13Folder, removeHalfMade } from '../../../src/sandbox/debian-13.ts';
import { processStart } from '../../../src/sandbox/processes.ts';

it.each([
  { environment: { XDG_CACHE_HOME: '/var/cache/me' }, cache: /^\/var\/cache\/me\/fleetwright\// },
  { environment: { XDG_CACHE_HOME: '' }, cache: /\/\.cache\/fleetwright\// },
  { environment: {}, cache: /\/\.cache\/fleetwright\// },
])('debian13Folder() is in the cache of $environment', ({ environment, cache }) => {
  expect(debian13Folder(environment)).toMatch(cache);
});

describe('removeHalfMade()', () => {
  let cache: string;

  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'fleetwright-cache-'));
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  it('removes what nobody is making any more', () => {
    const mine = `system.${process.pid}-${processStart(process.pid)}`;
    const earlier = `system.${process.pid}-1`;
    for (const name of ['system', 'system-other', mine, earlier, 'system.4194305-77']) {
      mkdirSync(join(cache, name, 'usr'), { recursive: true });
    }

    removeHalfMade(join(cache, 'system'));

    expect(readdirSync(cache).toSorted()).toEqual(['system', 'system-other', mine].toSorted());
  });

  it('has nothing to do before there is a cache', () => {
    expect(() => removeHalfMade(join(cache, 'missing', 'system'))).not.toThrow();
  });
});
