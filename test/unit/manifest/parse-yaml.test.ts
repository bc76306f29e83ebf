import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { locate, member, type Plain } from '../../../src/manifest/node.ts';
import { parseYaml, type ParsedYaml } from '../../../src/manifest/parse-yaml.ts';
import { plain, yaml } from '../../support/located-yaml.ts';

function parse(text: string): ParsedYaml {
  return parseYaml('a.yaml', new TextEncoder().encode(text));
}

function problems(text: string): readonly string[] {
  const { diagnostics, documents } = parse(text);
  if (diagnostics.some(({ severity }) => severity === 'error')) expect(documents).toEqual([]);
  return diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

describe('parseYaml() values', () => {
  it.each<[string, Plain]>([
    ['yes', 'yes'],
    ['on', 'on'],
    ['true', true],
    ['~', null],
    ['22:22', '22:22'],
    ['0440', 288],
    ['-0440', -288],
    ['0o17', 15],
    ['0x_1F', 31],
    ['0b1_1', 3],
    ['1_000', 1000],
    ['089', 89],
    ['1.10', 1.1],
    ['1e3', 1000],
    ['.inf', '.inf'],
    ['12345678901234567890', '12345678901234567890'],
    ['2024-01-01', '2024-01-01'],
    ['"0440"', '0440'],
    ['!override 0440', 288],
    ['!override "5"', '5'],
    ['!override null', null],
    ['[1, {a: b}]', [1, { a: 'b' }]],
    ['a: |\n  x\n  y\n', { a: 'x\ny\n' }],
    ['"<<": 1', { '<<': 1 }],
  ])('reads %j', (text, expected) => {
    expect(plain(text)).toEqual(expected);
  });

  it('keeps the characters of a scalar and whether it was quoted', () => {
    const node = yaml('a: 1.10\nb: "1.10"');
    expect(member(node, 'a')).toMatchObject({ value: 1.1, source: '1.10', plain: true });
    expect(member(node, 'b')).toMatchObject({ value: '1.10', source: '1.10', plain: false });
  });

  it('marks !reset and !override on any value', () => {
    const node = yaml('a: !reset\nb: !reset []\nc: !override {x: 1}\nd: !override 5\ne: 1');
    const tags = ['a', 'b', 'c', 'd', 'e'].map((key) => member(node, key)?.tag);
    expect(tags).toEqual(['reset', 'reset', 'override', 'override', undefined]);
    expect(member(node, 'd')).toMatchObject({ value: 5 });
  });

  it('stays on YAML 1.2 when a directive asks for 1.1', () => {
    expect(plain('%YAML 1.1\n---\nn: yes\nt: 22:22\n')).toEqual({ n: 'yes', t: '22:22' });
  });

  it('treats __proto__ as a key like any other', () => {
    const node = yaml('__proto__: {polluted: 1}\nconstructor: 2');
    expect(node.kind === 'map' && [...node.entries.keys()]).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['', 0],
    ['# only a comment\n', 0],
    ['---\n', 0],
    ['---\n---\n# x\n', 0],
    ['""', 1],
    ['~', 1],
    ['a: 1\n---\n---\nb: 2\n', 2],
    ['\uFEFFa: 1\r\nb: 2\r\n', 1],
  ])('finds the documents of %j', (text, count) => {
    const { documents, diagnostics } = parse(text);
    expect(documents).toHaveLength(count);
    expect(diagnostics).toEqual([]);
  });
});

describe('parseYaml() anchors, aliases and merge keys', () => {
  const text = [
    'x-base: &base',
    '  image: a',
    '  user: one',
    'x-more: &more {user: two, init: true}',
    'web:',
    '  <<: [*base, *more]',
    '  image: b',
    'job: *base',
  ].join('\n');

  it('lets own keys win, then earlier sources', () => {
    expect(plain(text)).toMatchObject({
      web: { image: 'b', user: 'one', init: true },
      job: { image: 'a', user: 'one' },
    });
  });

  it('keeps the place where a value really stands', () => {
    const node = yaml(text, 'f.yaml');
    expect(locate(node, ['web', 'image']).value).toEqual({ file: 'f.yaml', line: 7, column: 10 });
    expect(locate(node, ['web', 'user']).key).toEqual({ file: 'f.yaml', line: 3, column: 3 });
    expect(locate(node, ['web', 'init']).value).toMatchObject({ line: 4, column: 33 });
    expect(locate(node, ['job', 'image']).value).toMatchObject({ line: 2, column: 10 });
  });

  it('puts merged keys after own ones', () => {
    const web = member(yaml(text), 'web');
    expect(web?.kind === 'map' && [...web.entries.keys()]).toEqual(['image', 'user', 'init']);
  });

  it('takes the latest of two anchors of one name', () => {
    expect(plain('a: &x 1\nb: *x\nc: &x 2\nd: *x')).toEqual({ a: 1, b: 1, c: 2, d: 2 });
  });

  it('allows many uses of one anchor', () => {
    const uses = Array.from({ length: 3000 }, (_, index) => `k${index}: *a`).join('\n');
    expect(problems(`a: &a {b: c}\n${uses}`)).toEqual([]);
  });
});

describe('parseYaml() problems', () => {
  it.each([
    ['a: 1\nb: "x\n', '3:1 yaml-syntax'],
    ['a: b: c\n', '1:4 yaml-syntax'],
    ['\ta: 1\n', '1:1 yaml-syntax'],
    ['a: [1, 2\nb: 3\n', '2:1 yaml-syntax'],
    ['a: 1\nb: 2\na: 3\n', '3:1 duplicate-key'],
    ['a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n', '4:3 duplicate-key'],
    ['s:\n  1: a\n', '2:3 non-string-key'],
    ['true: a\n', '1:1 non-string-key'],
    ['? [a]\n: b\n', '1:3 non-string-key'],
    ['a: *x\n', '1:4 unknown-anchor'],
    ['a: &x [*x]\n', '1:8 unknown-anchor'],
    ['a: &x 1\n---\nb: *x\n', '3:4 unknown-anchor'],
    ['a:\n  <<: 5\n', '2:7 invalid-merge'],
    ['a: !vault x\n', '1:4 unknown-tag'],
  ])('finds the one of %j', (text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it('says all it needs in one sentence', () => {
    expect(parse('a: 1\na: 2').diagnostics[0]?.message).toBe(
      'Cannot read the key "a" in line 2: it already stands in line 1',
    );
    expect(parse('s: {123: x}').diagnostics[0]?.message).toBe(
      'Cannot read the key "123": a non-string key',
    );
    expect(parse('a: b: c').diagnostics[0]?.message).toBe(
      'Cannot parse YAML: Nested mappings are not allowed in compact mappings',
    );
  });

  it('gives the line of the first byte that is not UTF-8', () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('a: ü\nb: '), 0xff, 0x0a]);
    expect(parseYaml('a.yaml', bytes)).toMatchObject({
      documents: [],
      diagnostics: [{ line: 2, column: 1, code: 'invalid-utf8' }],
    });
  });

  it('tells of all duplicate and non-string keys at once', () => {
    expect(problems('a: 1\na: 2\n3: b\nc: {d: 1, d: 2}')).toHaveLength(3);
  });
});

describe('parseYaml() budgets', () => {
  const levels = 'abcdefghij'.split('');
  const bomb = levels
    .map((name, index) => {
      const item = index === 0 ? 'lol' : `*${levels[index - 1] ?? ''}`;
      return `${name}: &${name} [${Array.from({ length: 10 }, () => item).join(', ')}]`;
    })
    .join('\n');
  const wide = Array.from({ length: 2000 }, (_, index) => `k${index}: 1`).join('\n  ');
  const mergeBomb = `b: &b\n  ${wide}\n${Array.from({ length: 500 }, (_, i) => `m${i}: {<<: *b}`).join('\n')}`;
  const tower = [
    `a0: &a0 ${'['.repeat(40)}${']'.repeat(40)}`,
    `a1: &a1 ${'['.repeat(20)}*a0${']'.repeat(20)}`,
    `a2: ${'['.repeat(10)}*a1${']'.repeat(10)}`,
  ].join('\n');

  it.each([
    ['an alias bomb', bomb, 'alias-bomb'],
    ['a bomb of merge keys', mergeBomb, 'alias-bomb'],
    ['too many values', `[${'1,'.repeat(100_001)}]`, 'too-many-values'],
    ['too many brackets', '['.repeat(300_000), 'too-deep'],
    ['too many compact lists', '- '.repeat(300_000), 'too-deep'],
    ['too many levels', `a: ${'['.repeat(70)}${']'.repeat(70)}`, 'too-deep'],
    ['too many levels through aliases', tower, 'too-deep'],
  ])('refuses %s with one error', (_, text, code) => {
    expect(parse(text).diagnostics.map((each) => each.code)).toEqual([code]);
  });

  it('reads 60 levels', () => {
    expect(problems(`a: ${'['.repeat(60)}${']'.repeat(60)}`)).toEqual([]);
  });

  it.each([
    ['a block', (keys: readonly string[]) => keys.join('\n')],
    ['a flow', (keys: readonly string[]) => `{${keys.join(', ')}}`],
  ])('reads 10,000 keys in %s, and refuses more before it looks at them', (_, write) => {
    const keys = Array.from({ length: 40_000 }, (__, index) => `key${index}: ${index}`);

    expect(problems(write(keys.slice(0, 10_000)))).toEqual([]);
    expect(parse(write(keys)).diagnostics.map(({ code }) => code)).toEqual(['too-many-keys']);
  });

  it('takes a list with more items than a map may have keys', () => {
    expect(problems(`[${'1,'.repeat(40_000)}]`)).toEqual([]);
  });
});

function exactOrText(_: string, value: Plain): Plain {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const text = String(value);
  return /^-?\d+$/.test(text) ? text : value;
}

describe('parseYaml() laws', () => {
  it('answers for any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(Array.isArray(parseYaml('a.yaml', bytes).documents)).toBe(true);
      }),
    );
  });

  it('answers for anything that looks like YAML, with places within the text', () => {
    const signs = ': |- |\n|  |[|]|{|}|,|&x |*x|<<: |"|? |!reset |>|# c|---\n|...\n|%|\t|~'.split(
      '|',
    );
    const token = fc.constantFrom('a', '1', 'null', "'", '|', ...signs);
    fc.assert(
      fc.property(fc.array(token, { maxLength: 40 }), (tokens) => {
        const text = tokens.join('');
        const lines = text.split('\n').length;
        for (const { line, column } of parse(text).diagnostics) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(lines);
          expect(column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('reads back any JSON, integers that are not exact as texts', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'small' }), (value) => {
        const text = JSON.stringify(value);
        expect(plain(text)).toEqual(JSON.parse(text, exactOrText));
      }),
    );
  });
});
