import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../../src/manifest/scalars/bytes.ts';
import { parseCpus } from '../../../../src/manifest/scalars/cpus.ts';
import { parseDuration } from '../../../../src/manifest/scalars/duration.ts';
import { parseFileMode } from '../../../../src/manifest/scalars/file-mode.ts';
import { parseShare } from '../../../../src/manifest/scalars/share.ts';
import {
  normaliseProjectName,
  parseProjectName,
  parseServiceName,
} from '../../../../src/manifest/scalars/name.ts';
import { parseConstraint } from '../../../../src/manifest/scalars/constraint.ts';
import { formatScalar } from '../../../../src/manifest/scalars/format-scalar.ts';
import { readVectors, vectorsPresent } from '../../../support/compose-vectors.ts';
import { yaml } from '../../../support/located-yaml.ts';

const bad = Symbol('malformed');

function valueOf<T>(result: { ok: true; value: T } | { ok: false }): T | typeof bad {
  return result.ok ? result.value : bad;
}

describe('parseDuration()', () => {
  it.each<[string, number | typeof bad]>([
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1w2d', 777_600_000],
    ['0', 0],
    ['-0', 0],
    ['0s', 0],
    ['-5s', -5000],
    ['+5s', 5000],
    ['100us', 1],
    ['1ns', 1],
    ['1001µs', 2],
    ['10', bad],
    ['', bad],
    ['-', bad],
    ['s', bad],
    ['1 s', bad],
    ['1e3s', bad],
    ['1S', bad],
    ['9999999999999w', bad],
    [`${'1'.repeat(10_000)}s`, bad],
  ])('reads %j', (text, expected) => {
    expect(valueOf(parseDuration(text))).toBe(expected);
  });

  it('names the text and the units in its message', () => {
    expect(parseDuration('10')).toEqual({
      ok: false,
      message:
        '"10" is not a duration: expected numbers with units (ns, us, ms, s, m, h, d, w), such as 1m30s',
    });
  });
});

describe('parseBytes()', () => {
  it.each<[string | number, number | typeof bad]>([
    ['512m', 536_870_912],
    ['1.5 GiB', 1_610_612_736],
    ['32.3 mb', 33_869_004],
    ['64kB', 65_536],
    ['.5k', 512],
    ['7 b', 7],
    ['0.', 0],
    ['-0', 0],
    [67_108_864, 67_108_864],
    [-1, -1],
    [-2, bad],
    [1.5, bad],
    ['-1', bad],
    ['1eb', bad],
    ['1mm', bad],
    ['1ib', bad],
    ['m', bad],
    ['9000000p', bad],
  ])('reads %j', (value, expected) => {
    expect(valueOf(parseBytes(value))).toBe(expected);
  });
});

describe('parseCpus()', () => {
  it.each<[string | number, number | typeof bad]>([
    ['0.5', 500_000_000],
    [1.5, 1_500_000_000],
    ['.25', 250_000_000],
    [0.1, 100_000_000],
    ['0', 0],
    [-1, bad],
    ['-1', bad],
    ['1,5', bad],
    ['', bad],
    [Number.NaN, bad],
  ])('reads %j', (value, expected) => {
    expect(valueOf(parseCpus(value))).toBe(expected);
  });
});

describe('parseFileMode()', () => {
  it.each<[string | number, number | typeof bad]>([
    ['0444', 0o444],
    ['444', 0o444],
    ['0o640', 0o640],
    [288, 0o440],
    ['0888', bad],
    ['', bad],
    [0o10000, bad],
    [-1, bad],
    [1.5, bad],
  ])('reads %j', (value, expected) => {
    expect(valueOf(parseFileMode(value))).toBe(expected);
  });
});

describe('parseShare()', () => {
  it.each([
    [0, { kind: 'count', count: 0 }],
    ['12', { kind: 'count', count: 12 }],
    ['0%', { kind: 'percent', percent: 0 }],
    ['100%', { kind: 'percent', percent: 100 }],
  ])('%s', (value, expected) => {
    expect(parseShare(value)).toEqual({ ok: true, value: expected });
  });

  it.each([-1, 1.5, 1e21, '', '%', '101%', '2.5%', '25 %', 'half', '$'])('refuses %s', (value) => {
    expect(parseShare(value)).toEqual({
      ok: false,
      message: `"${value}" is not a share of the instances: expected a whole number, or a percentage from 0% to 100%`,
    });
  });
});

describe('parseConstraint()', () => {
  it.each([
    ['node.labels.zone == a', { key: 'node.labels.zone', operator: '==', value: 'a' }],
    ['node.labels.Zone!=b c', { key: 'node.labels.Zone', operator: '!=', value: 'b c' }],
    ['Node.Hostname==web-1', { key: 'node.hostname', operator: '==', value: 'web-1' }],
    ['engine.labels.gpu == yes ', { key: 'engine.labels.gpu', operator: '==', value: 'yes' }],
    ['node.ip == 10.0.0.0/8', { key: 'node.ip', operator: '==', value: '10.0.0.0/8' }],
  ])('reads %j', (text, expected) => {
    expect(valueOf(parseConstraint(text))).toEqual(expected);
  });

  it.each([
    ['node.labels.zone', 'expected a key, == or !=, and a value'],
    ['node.labels.zone = a', 'expected a key, == or !=, and a value'],
    ['node.labels.zone ==', 'expected a key, == or !=, and a value'],
    ['node.labels. == a', 'unknown key'],
    ['node.lables.zone == a', 'did you mean "node.labels.zone"?'],
    ['node.hostnme == a', 'did you mean "node.hostname"?'],
    ['node.role == manager', 'hosts have no role here'],
    ['region == eu', 'known: node.id, '],
  ])('rejects %j', (text, reason) => {
    expect(parseConstraint(text)).toEqual({ ok: false, message: expect.stringContaining(reason) });
  });
});

describe('names', () => {
  it.each([
    ['shop', true],
    ['0_a-b', true],
    ['Shop', false],
    ['-shop', false],
    ['', false],
    ['a.b', false],
  ])('parseProjectName(%j) is ok: %s', (text, ok) => {
    expect(parseProjectName(text).ok).toBe(ok);
  });

  it.each([
    ['web', true],
    ['Web.1_a-b', true],
    ['', false],
    ['a b', false],
    ['a/b', false],
  ])('parseServiceName(%j) is ok: %s', (text, ok) => {
    expect(parseServiceName(text).ok).toBe(ok);
  });

  it('normaliseProjectName() keeps what a project name may hold', () => {
    expect(normaliseProjectName('__My Shop.v2')).toBe('myshopv2');
    expect(normaliseProjectName('…')).toBe('');
  });
});

describe('formatScalar()', () => {
  it.each([
    ['1.10', '1.1'],
    ['1000000.0', '1e+06'],
    ['999999.0', '999999'],
    ['1e5', '100000'],
    ['0.00001', '1e-05'],
    ['0.0001', '0.0001'],
    ['1.0', '1'],
    ['10000000', '10000000'],
    ['0440', '288'],
    ['12345678901234567890', '12345678901234567890'],
    ['true', 'true'],
    ['null', ''],
    ['"1.10"', '1.10'],
  ])('prints %s as Go does', (text, expected) => {
    const node = yaml(text);
    expect(node.kind === 'scalar' && formatScalar(node)).toBe(expected);
  });
});

describe('all scalars', () => {
  it.each([
    ['digits', '1'.repeat(300_000)],
    ['digits and a letter', `${'1'.repeat(300_000)}x`],
    ['dashes', '-'.repeat(300_000)],
    ['spaces', ' '.repeat(300_000)],
    ['dots', 'a.'.repeat(150_000)],
  ])('take linear time for many %s', (_, text) => {
    const started = performance.now();
    for (const parse of [
      parseBytes,
      parseCpus,
      parseDuration,
      parseFileMode,
      parseConstraint,
      parseShare,
    ]) {
      expect(parse(text).ok).toBe(false);
    }
    expect(parseProjectName(text).ok && text.startsWith('-')).toBe(false);
    // Backtracking takes minutes.
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

describe.skipIf(!vectorsPresent)('vectors of other projects', () => {
  type Durations = { cases: { input: string; ns?: number }[] };
  const durations = readVectors<Durations>('vectors/durations.json', { cases: [] }).cases;
  it('are there', () => {
    expect(durations.length).toBeGreaterThan(0);
  });

  it.each(durations)('parseDuration($input)', ({ input, ns }) => {
    const result = valueOf(parseDuration(input));
    expect(result).toBe(ns === undefined ? bad : Math.sign(ns) * Math.ceil(Math.abs(ns) / 1e6));
  });

  type Sizes = { cases: { input: string; bytes?: number }[] };
  it.each(readVectors<Sizes>('vectors/bytes.json', { cases: [] }).cases)(
    'parseBytes($input)',
    ({ input, bytes }) => {
      expect(valueOf(parseBytes(input))).toBe(bytes ?? bad);
    },
  );

  it.each(
    readVectors<{ name: string; json: string; bytes: number }[]>('compose-go/bytes.json', []),
  )('parseBytes() of $name', ({ json, bytes }) => {
    expect(valueOf(parseBytes(JSON.parse(json) as string | number))).toBe(bytes);
  });
});
