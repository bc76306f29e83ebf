import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { createProgram } from '../../../src/cli/program.ts';

interface Schema {
  readonly properties: Readonly<Record<string, { readonly type?: unknown }>>;
}

it('every key of the configuration that is a text is a flag of all commands of a fleet', () => {
  const file = new URL('../../../schemas/operator.schema.json', import.meta.url);
  const { properties } = JSON.parse(readFileSync(file, 'utf8')) as Schema;
  const inFile: readonly unknown[] = ['object', 'array'];
  const keys = Object.keys(properties).filter((key) => !inFile.includes(properties[key]?.type));
  const { commands } = createProgram(new AbortController().signal, () => {});
  const ofFleet = [
    'plan',
    'sync',
    'run',
    'status',
    'hosts',
    'unmanaged',
    'drift',
    'why',
    'rollback',
    'import',
    'adopt',
  ];

  for (const name of ofFleet) {
    const command = commands.find((each) => each.name() === name);
    const flags = command?.options.map((option) => option.attributeName()) ?? [];
    expect(flags).toEqual(expect.arrayContaining([...keys, 'source']));
  }
});

it('drift looks back for as long as it is told, also beyond what a timer can wait', () => {
  const { commands } = createProgram(new AbortController().signal, () => {});
  const since = commands
    .find((each) => each.name() === 'drift')
    ?.options.find((option) => option.attributeName() === 'since');

  expect(since?.parseArg?.('60d', undefined)).toBe(60 * 24 * 60 * 60_000);
  expect(() => since?.parseArg?.('-1s', undefined)).toThrow('must not be negative');
});
