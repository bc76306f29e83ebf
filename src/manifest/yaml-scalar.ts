import { Scalar, type Document, type ScalarTag } from 'yaml';

import type { Origin } from '../model/origin.ts';
import type { MergeTag, ScalarNode } from './node.ts';
import { isFloatSource } from './scalars/format-scalar.ts';

export type SchemaTag = Document['schema']['tags'][number];

/** A scalar of the library as ours. A number that JavaScript cannot hold exactly stays the text that was written. */
export function readScalar(node: Scalar, origin: Origin, tags: readonly SchemaTag[]): ScalarNode {
  const source = node.source ?? '';
  const plain = node.type === 'PLAIN';
  // `!override 5` is a number like any other 5, but its own tag has hidden that from the library.
  const hidden = plain && mergeTag(node.tag) !== undefined;
  const value = exactValue(hidden ? resolvePlain(source, tags) : node.value, source);
  return { kind: 'scalar', value, source, plain, origin };
}

function exactValue(value: unknown, source: string): ScalarNode['value'] {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value !== 'number' || !Number.isFinite(value)) return source;
  return isFloatSource(source) || Number.isSafeInteger(value) ? value : source;
}

/** What the schema makes of a scalar that has no tag. */
function resolvePlain(source: string, tags: readonly SchemaTag[]): unknown {
  const tag = tags.find(
    (each): each is ScalarTag => each.default === true && each.test?.(source) === true,
  );
  const value = tag?.resolve(source, () => undefined, {});
  return value instanceof Scalar ? value.value : (value ?? source);
}

export function mergeTag(tag: string | undefined): { readonly tag: MergeTag } | undefined {
  if (tag === '!reset') return { tag: 'reset' };
  return tag === '!override' ? { tag: 'override' } : undefined;
}
