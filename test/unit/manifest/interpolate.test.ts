import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { composeCasts, expand, interpolate } from '../../../src/manifest/interpolate.ts';
import { member, type Node } from '../../../src/manifest/node.ts';
import { pathTable } from '../../../src/manifest/path-table.ts';
import { readVectors, vectorsPresent } from '../../support/compose-vectors.ts';
import { plain, yaml } from '../../support/located-yaml.ts';

const variables = new Map([
  ['FOO', 'first'],
  ['BAR', ''],
  ['JSON', '{"json":2}'],
]);
const noCasts = pathTable<'boolean'>([]);

function expandText(template: string): string {
  const result = expand(template, (name) => variables.get(name));
  return result.kind === 'ok' ? result.value : `${result.code}: ${result.message}`;
}

describe('expand()', () => {
  it.each([
    ['$FOO/${FOO}', 'first/first'],
    ['$$FOO $${FOO} $$$FOO', '$FOO ${FOO} $first'],
    ['a $ b, 5$, $1, $-', 'a $ b, 5$, $1, $-'],
    ['${BAR:-d}|${BAR-d}|${NO:-d}|${NO-d}|${FOO:-d}', 'd||d|d|first'],
    ['${FOO:+x}|${BAR:+x}|${BAR+x}|${NO+x}', 'x||x|'],
    ['${FOO:?e}|${BAR?e}', 'first|'],
    ['${NO:-${FOO}-${NO:-$$}}', 'first-$'],
    ['${FOO:+${BAR:-deep}}', 'deep'],
    ['${NO:-a b:-c?d}', 'a b:-c?d'],
    ['${NO:-}', ''],
    ['${NO:-{"a":{}}}', '{"a":{}}'],
    ['${JSON:-{"a":1}}', '{"json":2}'],
    ['${NO:-a}b}', 'ab}'],
    ['${FOO:-${not valid', 'invalid-template: Invalid template: "${FOO:-" is not closed'],
    ['${FOO:-${not valid}}', 'first'],
    ['$FOO_1$FOO-x', 'first-x'],
    ['', ''],
  ])('reads %j', (template, expected) => {
    expect(expandText(template)).toBe(expected);
  });

  it.each([
    ['${', 'Invalid template: "${" is not closed'],
    ['${}', 'Invalid template: "${" cannot be followed by "}"'],
    ['${ FOO}', 'Invalid template: "${" cannot be followed by " "'],
    ['${FOO', 'Invalid template: "${FOO" is not closed'],
    ['${FOO!}', 'Invalid template: "${FOO" cannot be followed by "!"'],
    ['${FOO:x}', 'Invalid template: "${FOO" cannot be followed by ":"'],
    ['${NO:-secret', 'Invalid template: "${NO:-" is not closed'],
    ['${NO:-${', 'Invalid template: "${" is not closed'],
  ])('rejects %j without repeating its operand', (template, message) => {
    expect(expandText(template)).toBe(`invalid-template: ${message}`);
  });

  it.each([
    ['${NO?}', 'required variable NO is missing a value'],
    ['${NO?set $FOO}', 'required variable NO is missing a value: set first'],
    ['${BAR:?empty}', 'required variable BAR is missing a value: empty'],
  ])('demands %j', (template, message) => {
    expect(expandText(template)).toBe(`required-variable: ${message}`);
  });

  it('names the variables that are not set, but only where they are read', () => {
    const result = expand('$A ${B} ${C:-$D} ${FOO:-$E} ${F:-}', (name) => variables.get(name));
    expect(result).toMatchObject({ kind: 'ok', unset: ['A', 'B', 'D'] });
  });

  it('answers for any template without throwing, and gives back texts without a dollar', () => {
    const token = fc.constantFrom('$', '{', '}', '${', 'FOO', ':-', '?', '+', ' ', 'x', '$$');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (tokens) => {
        const template = tokens.join('');
        const text = expandText(template);
        if (!template.includes('$')) expect(text).toBe(template);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['deep nesting', '${A:-'.repeat(50_000)],
    ['deep nesting that is not looked into', `\${FOO:-${'${A:-'.repeat(50_000)}`],
    ['open braces', `\${A:-${'{'.repeat(200_000)}`],
    ['dollars', '$'.repeat(200_001)],
    ['variables', '${FOO}'.repeat(50_000)],
  ])('takes linear time for %s', (_, template) => {
    const started = performance.now();
    expandText(template);
    // Quadratic work takes minutes.
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

function interpolateAll(text: string): { node: Node; problems: readonly string[] } {
  const { node, diagnostics } = interpolate(yaml(text), variables, composeCasts);
  const problems = diagnostics.map(
    (each) => `${each.line}:${each.column} ${each.code} ${each.path}`,
  );
  return { node, problems };
}

describe('interpolate()', () => {
  it('replaces values and leaves keys', () => {
    const { node, problems } = interpolateAll('$FOO: [$FOO, {a: "${FOO}!"}]\nn: 5');
    expect(plain(node)).toEqual({ $FOO: ['first', { a: 'first!' }], n: 5 });
    expect(problems).toEqual([]);
  });

  it('leaves what has no variable as the same node', () => {
    const node = yaml('a: [b, {c: d}]');
    expect(interpolate(node, variables, noCasts).node).toBe(node);
  });

  it('keeps the place of a value', () => {
    const node = member(interpolateAll('a: 1\nimage: x:$FOO').node, 'image');
    expect(node).toMatchObject({ value: 'x:first', origin: { line: 2, column: 8 } });
  });

  it('tells of an undefined variable once per place, with what to do', () => {
    const text = 'x: &x {a: $FO}\nb: *x\nc: *x\nd: $NOTHING_LIKE_IT';
    const { diagnostics } = interpolate(yaml(text), variables, noCasts);
    expect(diagnostics).toHaveLength(2);
    expect(diagnostics[0]).toMatchObject({
      line: 1,
      path: 'x.a',
      code: 'undefined-variable',
      severity: 'error',
      message: 'Cannot interpolate "x.a": the variable "FO" is not set (did you mean "FOO"?)',
      hint: 'Set FO under variables: in fleet.yaml or in the .env file beside the manifest, or write ${FO:-} if it may be empty',
    });
    expect(diagnostics[1]?.message).not.toContain('did you mean');
  });

  it('tells of all problems at once', () => {
    expect(interpolateAll('a: ${NO:?why}\nb: "${x y}"\nc: $NO').problems).toEqual([
      '1:4 required-variable a',
      '2:4 invalid-template b',
      '3:4 undefined-variable c',
    ]);
  });

  it('casts by path, whether interpolated or not', () => {
    const text = [
      'services:',
      '  web:',
      '    read_only: ${RO:-true}',
      '    init: "false"',
      '    cpus: ${CPUS:-1.5}',
      '    scale: ${N:-3}',
      '    image: ${TAG:-1.10}',
      '    healthcheck: {retries: "-1"}',
      '    deploy: {replicas: "03", update_config: {max_failure_ratio: ".5"}}',
      '    ports: [{target: "80"}]',
    ].join('\n');
    const { node, problems } = interpolateAll(text);
    expect(plain(node)).toEqual({
      services: {
        web: {
          read_only: true,
          init: false,
          cpus: 1.5,
          scale: 3,
          image: '1.10',
          healthcheck: { retries: -1 },
          deploy: { replicas: 3, update_config: { max_failure_ratio: 0.5 } },
          ports: [{ target: 80 }],
        },
      },
    });
    expect(problems).toEqual([]);
  });

  it.each([
    ['yes', true],
    ['Y', true],
    ['ON', true],
    ['"off"', false],
    ['No', false],
    ['n', false],
  ])('reads %s as %s at a boolean path, with a warning', (text, expected) => {
    const { node, problems } = interpolateAll(`networks: {a: {internal: ${text}}}`);
    expect(plain(node)).toEqual({ networks: { a: { internal: expected } } });
    expect(problems).toEqual(['1:26 old-boolean networks.a.internal']);
  });

  it.each([
    ['tty: maybe', { tty: 'maybe' }],
    ['tty: ""', { tty: '' }],
    ['scale: "9.5"', { scale: '9.5' }],
    ['scale: "12345678901234567890"', { scale: '12345678901234567890' }],
    ['cpus: 1.5x', { cpus: '1.5x' }],
    ['tty: [yes]', { tty: ['yes'] }],
  ])('leaves %s as it is, for the shape to be checked', (text, expected) => {
    const { node, problems } = interpolateAll(`services: {a: {${text}}}`);
    expect(plain(node)).toEqual({ services: { a: expected } });
    expect(problems).toEqual([]);
  });
});

describe.skipIf(!vectorsPresent)('vectors of compose-go', () => {
  interface Vectors {
    env: Record<string, string>;
    cases: { template: string; expected?: string; error?: string }[];
  }
  const { env, cases } = readVectors<Vectors>('compose-go/interpolation.json', {
    env: {},
    cases: [],
  });
  it('are there', () => {
    expect(cases.length).toBeGreaterThan(0);
  });

  it.each(cases)('expand($template)', ({ template, expected, error }) => {
    const result = expand(template, (name) => env[name]);
    if (result.kind === 'ok') expect(result.value).toBe(expected);
    else expect(result.message).toContain(error);
  });
});
