import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseDotenv, parseRawEnv } from '../../../src/manifest/dotenv.ts';
import { readVectors, vectorsPresent } from '../../support/compose-vectors.ts';

const outer = new Map([
  ['OUTER', 'from outside'],
  ['A', 'outer a'],
]);

function read(
  text: string,
  parse: typeof parseDotenv = parseDotenv,
): { values: Record<string, string>; problems: readonly string[] } {
  const bytes = new TextEncoder().encode(text);
  const { variables, diagnostics } = parse('.env', bytes, (name) => outer.get(name));
  return {
    values: Object.fromEntries([...variables].map(([name, { value }]) => [name, value])),
    problems: diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`),
  };
}

describe('parseDotenv()', () => {
  it.each<[string, Record<string, string>]>([
    ['K=v', { K: 'v' }],
    ['\uFEFFK=v\r\nL=w\r\n', { K: 'v', L: 'w' }],
    ['export K=v\nexport\tL: w', { K: 'v', L: 'w' }],
    ['exports=v', { exports: 'v' }],
    ['K = v ', { K: 'v' }],
    ['K=\nL=w', { K: '', L: 'w' }],
    ['K=a b # c\r\nL=w', { K: 'a b', L: 'w' }],
    ['K=a#b', { K: 'a#b' }],
    ['# K=v\n\n  L=w', { L: 'w' }],
    ["K='a $B \\n' # c", { K: 'a $B \\n' }],
    ["K='it\\'s'", { K: "it's" }],
    ['K="a\\tb\\\\ \\"c\\" \\0101 \\u1 \\$B"', { K: 'a\tb\\ "c" A \\u1 $B' }],
    ['K="one\ntwo"\nL=w', { K: 'one\ntwo', L: 'w' }],
    ["K='one\ntwo'\nL=w", { K: 'one\ntwo', L: 'w' }],
    ['OUTER\nNOWHERE', { OUTER: 'from outside' }],
    ['B=1\nK=${B}-${OUTER}-${C:-d}', { B: '1', K: '1-from outside-d' }],
    ['A=own\nK=$A', { A: 'own', K: 'outer a' }],
    ['K=1\nK=2', { K: '2' }],
    ['a.b-c[0]=v\nÜ=w', { 'a.b-c[0]': 'v', Ü: 'w' }],
    ['__proto__=v', Object.fromEntries([['__proto__', 'v']])],
    ['', {}],
  ])('reads %j', (text, expected) => {
    expect(read(text)).toEqual({ values: expected, problems: [] });
  });

  it.each([
    ['K=1\nA B=2\nL=3', '2:1 invalid-env-file', { K: '1', L: '3' }],
    ['K!=1\nL=3', '1:1 invalid-env-file', { L: '3' }],
    ['=1', '1:1 invalid-env-file', {}],
    ['L=3\n  K="1', '2:3 invalid-env-file', { L: '3' }],
    ["K='1\nL=3", '1:1 invalid-env-file', { L: '3' }],
    ['K=${', '1:1 invalid-env-file', {}],
    ['K=$NO', '1:1 undefined-variable', { K: '' }],
  ])('finds the problem of %j and reads on', (text, problem, values) => {
    expect(read(text)).toEqual({ values, problems: [problem] });
  });

  it('never puts a value into a message', () => {
    const text = 'K="hunter2\nL=${hunter2:-hunter2\nM hunter2=1\nN=${X:-hunter2';
    const { diagnostics } = parseDotenv('.env', new TextEncoder().encode(text), () => undefined);
    expect(diagnostics.length).toBeGreaterThan(2);
    expect(JSON.stringify(diagnostics.map(({ message }) => message))).not.toContain('hunter2=');
    expect(JSON.stringify(diagnostics)).not.toContain('-hunter2');
  });

  it('knows where a variable stands', () => {
    const bytes = new TextEncoder().encode('# c\nA="x\ny"\n  export B=1');
    const { variables } = parseDotenv('.env', bytes, () => undefined);
    expect(variables.get('A')?.origin).toEqual({ file: '.env', line: 2, column: 1 });
    expect(variables.get('B')?.origin).toEqual({ file: '.env', line: 4, column: 10 });
  });

  it('answers for any bytes without throwing', () => {
    const token = fc.constantFrom(
      'A',
      '=',
      ':',
      '"',
      "'",
      '\n',
      ' ',
      '#',
      '$',
      '{',
      '}',
      '\\',
      'export ',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 50 }), fc.uint8Array(), (tokens, bytes) => {
        expect(typeof read(tokens.join('')).values).toBe('object');
        expect(parseDotenv('.env', bytes, () => undefined).variables.size).toBeGreaterThanOrEqual(
          0,
        );
      }),
    );
  });

  it.each(['A="x\n', "A='\n", 'A=\n', '#\n', '!\n', 'A="\\"'])(
    'takes linear time for many of %j',
    (line) => {
      const started = performance.now();
      read(line.repeat(100_000));
      // Quadratic work takes minutes.
      expect(performance.now() - started).toBeLessThan(15_000);
    },
  );
});

describe('parseRawEnv()', () => {
  it.each<[string, Record<string, string>]>([
    ['K="a $B" # c', { K: '"a $B" # c' }],
    ['  K=v \r\nL=', { K: 'v ', L: '' }],
    ['# c\nOUTER\nNOWHERE', { OUTER: 'from outside' }],
    ['K=a=b', { K: 'a=b' }],
  ])('reads %j as it stands', (text, expected) => {
    expect(read(text, parseRawEnv)).toEqual({ values: expected, problems: [] });
  });

  it('rejects names with spaces and empty ones', () => {
    expect(read('A B=1\n=2\n C=3', parseRawEnv)).toEqual({
      values: { C: '3' },
      problems: ['1:1 invalid-env-file', '2:1 invalid-env-file'],
    });
  });
});

describe.skipIf(!vectorsPresent)('vectors of compose-go', () => {
  type Vectors = { line: string; key: string; value: string }[];
  const vectors = readVectors<Vectors>('compose-go/dotenv-lines.json', []);
  it('are there', () => {
    expect(vectors.length).toBeGreaterThan(0);
  });

  it.each(vectors)('$line', ({ line, key, value }) => {
    expect(read(line).values).toEqual({ [key]: value });
  });
});
