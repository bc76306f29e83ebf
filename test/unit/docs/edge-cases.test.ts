import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

const topics = [
  'Compose in full',
  'Git transports',
  'fleet',
  'reports and history',
  'traffic',
] as const;

/** One row of the table; `places` is the text of its last cell, at its semicolons. */
interface Row {
  readonly number: string;
  readonly what: string;
  readonly places: readonly string[];
}

const root = join(import.meta.dirname, '../../..');
const rows: readonly Row[] = readFileSync(join(root, 'docs/edge-cases.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\|\s*\d/.test(line))
  .map((line) => {
    const [, number = '', what = '', where = ''] = line.split('|').map((cell) => cell.trim());
    return { number, what, places: where.split('; ') };
  });

/** What is wrong with a place; null when it is a test that is there, or a plan. */
function flawOf(place: string): string | null {
  const plan = /^planned: (.+)$/.exec(place)?.[1];
  if (plan !== undefined) {
    return topics.some((topic) => topic === plan) ? null : `"${plan}" is no topic`;
  }
  const [, file, title] = /^`([\w./-]+\.ts)` "([^"]+)"$/.exec(place) ?? [];
  if (file === undefined || title === undefined) return `"${place}" names no test`;
  const path = join(root, 'test', file);
  if (!existsSync(path)) return `test/${file} does not exist`;
  return readFileSync(path, 'utf8').includes(title) ? null : `test/${file} has no "${title}"`;
}

describe('docs/edge-cases.md', () => {
  it('has the 120 cases in their order', () => {
    const numbers = Array.from({ length: 120 }, (_, index) => String(index + 1));

    expect(rows.map(({ number }) => number)).toEqual(numbers);
  });

  it('says what each case is, and each in other words', () => {
    expect(rows.filter(({ what }) => what === '')).toEqual([]);
    expect(new Set(rows.map(({ what }) => what)).size).toBe(rows.length);
  });

  it('names tests that are there, or the topic that a case belongs to', () => {
    const flaws = rows.flatMap(({ number, places }) =>
      places.flatMap((place) => {
        const flaw = flawOf(place);
        return flaw === null ? [] : [`${number}: ${flaw}`];
      }),
    );

    expect(flaws).toEqual([]);
  });
});
