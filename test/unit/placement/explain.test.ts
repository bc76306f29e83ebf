import { describe, expect, it } from 'vitest';

import { explain, type Exclusion } from '../../../src/placement/explain.ts';

const gib = 2 ** 30;

function times(count: number, exclusion: Exclusion): readonly Exclusion[] {
  return Array.from({ length: count }, () => exclusion);
}

function short(gibLeft: number): Exclusion {
  return { amount: 'memoryBytes', needs: 2 * gib, left: gibLeft * gib };
}

describe('explain()', () => {
  it('names the reason that excludes most first, and equal ones by name', () => {
    const exclusions = [...times(1, 'b'), ...times(2, 'c'), ...times(1, 'a')];

    expect(explain(3, exclusions)).toBe('0 of 3 hosts: 2 c, 1 a, 1 b');
  });

  it('says so when there is no host at all', () => {
    expect(explain(0, [])).toBe('0 of 0 hosts: none is configured');
  });

  it('speaks of one host in the singular', () => {
    expect(explain(1, ['unreachable'])).toBe('0 of 1 host: 1 unreachable');
  });

  it('says of what is short how much is left', () => {
    expect(explain(5, [...times(4, 'draining'), short(0.5)])).toBe(
      '0 of 5 hosts: 4 draining, 1 needs 2 GiB, 512 MiB left',
    );
  });

  it('makes one reason of hosts that are short, and tells of the one with most', () => {
    expect(explain(3, [short(0.5), short(1.26), short(0)])).toBe(
      '0 of 3 hosts: 3 need 2 GiB, at most 1.3 GiB left',
    );
  });

  it('tells CPUs from memory', () => {
    const cpus = { amount: 'nanoCpus', needs: 1.5e9, left: 0.25e9 } as const;

    expect(explain(1, [cpus, short(1)])).toBe(
      '0 of 1 host: 1 needs 1.5 CPUs, 0.25 left, 1 needs 2 GiB, 1 GiB left',
    );
    expect(explain(1, [{ ...cpus, needs: 1e9 }])).toBe('0 of 1 host: 1 needs 1 CPU, 0.25 left');
  });
});
