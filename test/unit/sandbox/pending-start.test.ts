import { describe, expect, it } from 'vitest';

import { folderOfStart } from '../../../src/sandbox/pending-start.ts';

describe('folderOfStart()', () => {
  it.each([
    { line: 'node tsx scripts/fleet.ts up --hosts 3 --dir /a', dir: '/a' },
    { line: 'node --import x /repo/scripts/fleet.ts up --dir ../b --hosts 3', dir: '../b' },
    { line: 'node tsx scripts/fleet.ts up --dir=/a --hosts 3', dir: '/a' },
    { line: 'node tsx scripts/fleet.ts down --dir /a', dir: null },
    { line: 'vi scripts/fleet.ts', dir: null },
    { line: 'docker compose up --dir /a', dir: null },
  ])('reads "$line"', ({ line, dir }) => {
    expect(folderOfStart(line.split(' '))).toBe(dir);
  });
});
