import { describe, expect, it } from 'vitest';

import schema from '../../../schemas/compose.schema.json' with { type: 'json' };
import { composeCasts, type CastTable } from '../../../src/manifest/cast.ts';
import { below } from '../../../src/manifest/path-table.ts';

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly 'x-unsupported'?: string;
}

const definitions = schema.$defs as unknown as Readonly<Record<string, Schema>>;
/** Definitions whose values are no texts, though one with a variable is written as a text. */
const typed = ['boolean', 'integer', 'signedInteger', 'portNumber'];

/** Paths of supported keys of these types for which a text with a variable would stay a text. */
function uncast(node: Schema, path: readonly string[], table: CastTable | undefined): string[] {
  if (node['x-unsupported'] !== undefined) return [];
  const name = node.$ref?.split('/').at(-1) ?? '';
  if (typed.includes(name)) return table?.rule === undefined ? [path.join('.')] : [];
  const target: Schema = { ...definitions[name], ...node };
  const { properties = {}, additionalProperties, items } = target;
  const parts: [string, Schema][] = Object.entries(properties);
  if (typeof additionalProperties === 'object') parts.push(['*', additionalProperties]);
  if (items !== undefined) parts.push(['*', items]);
  return parts.flatMap(([key, part]) => uncast(part, [...path, key], below(table, key)));
}

describe('composeCasts', () => {
  it('knows every boolean and every number of the schema', () => {
    expect(uncast(schema as unknown as Schema, [], composeCasts)).toEqual([]);
  });
});
