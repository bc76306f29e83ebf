import { describe, expect, it } from 'vitest';

import { fitLines, visibleLength } from '../../../src/report/fit-lines.ts';

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

describe('fitLines()', () => {
  it('leaves what fits as it is', () => {
    const lines = ['one', red('two'), ''];

    expect(fitLines(lines, { columns: 3, rows: 3 })).toEqual(lines);
  });

  it('cuts a line at the last column, and ends its colour there', () => {
    const lines = ['abcdef', red('abcdef')];

    expect(fitLines(lines, { columns: 4, rows: 9 })).toEqual(['abcd', '\u001b[31mabcd\u001b[0m']);
  });

  it('does not count colours', () => {
    const line = `${red('ab')}${red('cd')}`;

    expect(fitLines([line], { columns: 4, rows: 1 })).toEqual([line]);
    expect(visibleLength(line)).toBe(4);
  });

  it('says on the last row how much is not shown', () => {
    const lines = ['1', '2', '3', '4'];

    expect(fitLines(lines, { columns: 80, rows: 3 })).toEqual(['1', '2', '… 2 more lines']);
    expect(fitLines(lines, { columns: 80, rows: 0 })).toEqual([]);
  });

  it('takes the power from control characters that an instance has logged', () => {
    expect(fitLines(['a\u001b[2Jb\rc\td'], { columns: 80, rows: 1 })).toEqual(['a [2Jb c d']);
  });
});
