/** Reads schemas/ for the generators. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const folder = join(root, 'schemas');
const suffix = '.schema.json';

/** A JSON Schema, as far as our own schemas use its keywords. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  /** What a change of the value does to instances, for all keys below too. */
  readonly 'x-change'?: 'replace' | 'update' | 'none';
  /** What a pattern asks for, in words. */
  readonly 'x-expected'?: string;
  /** What to do instead; the key is refused. */
  readonly 'x-unsupported'?: string;
  /** Why the key has no effect. */
  readonly 'x-ignored'?: string;
}

/** Names of all schemas, sorted: `compose` for compose.schema.json. */
export const names: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))
  .toSorted();

export function readSchema(name: string): Schema {
  return JSON.parse(readFileSync(join(folder, `${name}${suffix}`), 'utf8')) as Schema;
}

/** The schema itself, or the one that it refers to; what stands beside the reference wins. */
export function dereference(document: Schema, schema: Schema): Schema {
  const { $ref, ...own } = schema;
  const target = document.$defs?.[$ref?.replace('#/$defs/', '') ?? ''];
  if ($ref !== undefined && target === undefined) throw new Error(`Cannot resolve "${$ref}"`);
  return { ...target, ...own };
}
