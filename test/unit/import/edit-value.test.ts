import { describe, expect, it } from 'vitest';

import { editValue, type ValueEdit } from '../../../src/import/edit-value.ts';

/** Edits the value that stands after the mark `@`. */
function edit(marked: string, change: Partial<ValueEdit> & { file?: string } = {}): string {
  const at = marked.indexOf('@');
  const before = marked.slice(0, at).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  const { file = 'compose.yaml', ...rest } = change;
  const edited = editValue(marked.replace('@', ''), {
    origin: { file, line: before.length, column },
    path: 'deploy.resources.limits.memory',
    value: '512M',
    quoted: false,
    ...rest,
  });
  return edited.kind === 'edited' ? edited.text : `refused: ${edited.reason}`;
}

const named = { path: 'environment.LEVEL', value: 'debug' };

describe('editValue() in a manifest', () => {
  it.each([
    [
      'a comment behind it',
      'a:\n    m:   @256M   # why\nb: 1\n',
      'a:\n    m:   512M   # why\nb: 1\n',
    ],
    ['a flow map', '{ m: @256M, n: [1 , 2] }', '{ m: 512M, n: [1 , 2] }'],
    ['an anchor', 'm: &limit @256M\n', 'm: &limit 512M\n'],
    ['a tag', 'm: !override @256M\n', 'm: !override 512M\n'],
    ['double quotes', 'm: @"256M"\n', 'm: "512M"\n'],
    ['single quotes', "m: @'256M'\n", "m: '512M'\n"],
    ['Windows line ends', 'm: @256M\r\nn: 1\r\n', 'm: 512M\r\nn: 1\r\n'],
    ['several documents', 'a: 1\n---\n# two\nm: @256M\n', 'a: 1\n---\n# two\nm: 512M\n'],
    ['no line end', 'm: @256M', 'm: 512M'],
    ['a value on a line of its own', 'm:\n  @256M\n', 'm:\n  512M\n'],
  ])('keeps %s', (_, before, after) => {
    expect(edit(before)).toBe(after);
  });

  it.each([
    ['a pair', '- @LEVEL=info # x\n', 'debug', '- LEVEL=debug # x\n'],
    ['a pair in quotes', '- @"LEVEL=info"\n', 'a "b"', '- "LEVEL=a \\"b\\""\n'],
    ['what is special in YAML', 'LEVEL: @info\n', 'a: b #c', 'LEVEL: "a: b #c"\n'],
    ['what Compose would interpolate', 'LEVEL: @info\n', 'a$b', 'LEVEL: a$$b\n'],
    ['nothing', 'LEVEL: @info\n', '', 'LEVEL: ""\n'],
  ])('writes %s', (_, before, value, after) => {
    expect(edit(before, { ...named, value })).toBe(after);
  });

  it('puts in quotes what reads as another type', () => {
    expect(edit('LEVEL: @1.20\n', { ...named, value: '1.10', quoted: true })).toBe(
      'LEVEL: "1.10"\n',
    );
  });

  it('refuses a text of several lines in the place of one', () => {
    expect(edit('LEVEL: @info\n', { ...named, value: 'a\nb' })).toContain('one line');
  });

  it.each([
    ['a map', '@m:\n  n: 1\n', 'not one value'],
    ['an alias', 'a: &x 1\nm: @*x\n', 'not one value'],
    ['a text of several lines', 'm: @|\n  256M\n', 'several lines'],
    ['variables', 'm: @${LIMIT:-256M}\n', 'variables'],
    ['a text folded over lines', 'm: @"256\n  M"\n', 'does not fit on one line'],
  ])('refuses %s', (_, before, reason) => {
    expect(edit(before)).toContain(reason);
  });
});

describe('editValue() in an env file', () => {
  const env = { ...named, file: 'web.env' };

  it.each([
    ['A=1\n@LEVEL=info # why\nB=2\n', 'A=1\nLEVEL=debug # why\nB=2\n'],
    ['export @LEVEL=info', 'export LEVEL=debug'],
    ['@LEVEL: "info"\r\n', 'LEVEL: debug\r\n'],
    ["@LEVEL='info'\n", "LEVEL='debug'\n"],
    ['@LEVEL=\n', 'LEVEL=debug\n'],
  ])('writes into %j', (before, after) => {
    expect(edit(before, env)).toBe(after);
  });

  it.each([
    ['variables', '@LEVEL=${OTHER}\n', 'variables'],
    ['a value with spaces', '@LEVEL=a b  # c\n', 'LEVEL=debug  # c\n'],
    ['an inherited one', '@LEVEL\n', 'not one value'],
    ['a text over lines', '@LEVEL="a\nb"\n', 'not one value'],
  ])('meets %s', (_, before, outcome) => {
    expect(edit(before, env)).toContain(outcome);
  });
});
