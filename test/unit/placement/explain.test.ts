import { describe, expect, it } from 'vitest';

import { toHostName } from '../../../src/model/names.ts';
import { explain } from '../../../src/placement/explain.ts';

function excluded(reason: string, times: number): readonly Parameters<typeof explain>[1][number][] {
  return Array.from({ length: times }, () => ({ host: toHostName('any'), reason }));
}

describe('explain()', () => {
  it('names the reason that excludes most first, and equal ones by name', () => {
    const exclusions = [...excluded('b', 1), ...excluded('c', 2), ...excluded('a', 1)];

    expect(explain(3, exclusions)).toBe('0 of 3 hosts: c excludes 2, a excludes 1, b excludes 1');
  });

  it('says so when there is no host at all', () => {
    expect(explain(0, [])).toBe('0 of 0 hosts: none is configured');
  });

  it('speaks of one host in the singular', () => {
    expect(explain(1, excluded('unreachable', 1))).toBe('0 of 1 host: unreachable excludes 1');
  });
});
