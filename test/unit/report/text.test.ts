import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  columns,
  count,
  formatCountdown,
  formatDuration,
  formatField,
  formatPosition,
  formatSpan,
  wrap,
} from '../../../src/report/text.ts';

describe('wrap()', () => {
  it('breaks at spaces, with another beginning for the first line', () => {
    expect(wrap('one two three', '  ', '! ', 9)).toBe('! one two\n  three');
  });

  it('leaves a word whole that is longer than a line', () => {
    expect(wrap('a registry.example.com/web b', '', '', 5)).toBe('a\nregistry.example.com/web\nb');
  });

  it('loses no word, and no line is too long unless it is one word (law)', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,20}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 5, max: 40 }), (list, width) => {
        const lines = wrap(list.join(' '), '  ', '! ', width).split('\n');
        const bare = lines.map((line) => line.slice(2));

        expect(bare.flatMap((line) => line.split(' '))).toEqual(list);
        const tooLong = lines.filter((line) => line.length > width);
        expect(tooLong.filter((line) => line.slice(2).includes(' '))).toEqual([]);
      }),
    );
  });
});

describe('columns()', () => {
  it('aligns cells of rows of any length, without blanks at the end', () => {
    const rows = [['web', '3/3', 'nginx'], ['database', '', ''], ['x']];

    expect(columns(rows, '  ')).toEqual(['  web       3/3  nginx', '  database', '  x']);
  });

  it('makes nothing of nothing', () => {
    expect(columns([])).toEqual([]);
  });
});

describe('numbers and values in words', () => {
  it.each([
    [count(1, 'step'), '1 step'],
    [count(0, 'step'), '0 steps'],
    [count(2, 'entry', 'entries'), '2 entries'],
    [formatPosition({ file: 'a.yaml', line: 3, column: 7 }), 'a.yaml:3:7'],
    [formatDuration(340), '340 ms'],
    [formatDuration(2_440), '2.4 s'],
    [formatDuration(200_000), '3 min 20 s'],
    [formatSpan(-1), '0 s'],
    [formatSpan(11_001), '12 s'],
    [formatSpan(200_000), '3 min 20 s'],
    [formatSpan(7_500_000), '2 h 5 min'],
    [formatCountdown(1), '1 s'],
    [formatCountdown(0), 'now'],
  ])('says %s', (text, expected) => {
    expect(text).toBe(expected);
  });

  it.each([
    ['deploy.resources.limits.memory', 67_108_864, '64 MiB'],
    ['deploy.resources.limits.memory', 1_500, '1500 B'],
    ['deploy.resources.reservations.memory', 2_147_483_648, '2 GiB'],
    ['deploy.resources.limits.cpus', 250_000_000, '0.25'],
    ['deploy.resources.limits.pids', 64, '64'],
    ['healthcheck.interval', 1_500, '1.5 s'],
    ['stop_grace_period', 10_000, '10.0 s'],
    ['command', ['serve', '--fast'], 'serve --fast'],
    ['cap_add', [], '[]'],
    ['user', null, '–'],
    ['environment.A', '', '""'],
    ['read_only', true, 'true'],
  ])('formatField(%s, %j) is %s', (path, value, expected) => {
    expect(formatField(path, value)).toBe(expected);
  });
});
