import type { ErrorObject, ValidateFunction } from 'ajv';

import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import { locate, toPlain, type Node } from './node.ts';
import { memberPath } from './path-table.ts';
import { didYouMean } from './suggest.ts';

/** What ajv knows of a schema beside an error, as far as messages need it. */
interface ParentSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
  readonly 'x-expected'?: string;
}

/**
 * Checks a document against its schema. Each mistake gives exactly one diagnostic: at the key for a key that should not
 * be there, at the value for a value of the wrong type, at the parent for a key that is missing.
 */
export function validateShape(root: Node, validate: ValidateFunction): readonly Diagnostic[] {
  if (validate(toPlain(root))) return [];
  return reduceErrors(validate.errors ?? []).map((error) => describe(root, error));
}

/**
 * The schemas avoid `oneOf`, so that an error of ajv is a mistake of the user, with three exceptions: what is below a
 * key that is refused as a whole; a bad name, which is reported by `propertyNames` and by the pattern within it; and a
 * value of the wrong type, which breaks other rules too.
 */
function reduceErrors(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const refused = errors.filter((error) => error.keyword === 'x-unsupported');
  const mistyped = new Set(
    errors.filter((error) => error.keyword === 'type').map((error) => error.instancePath),
  );
  const kept = errors.filter((error) => {
    if (error.propertyName !== undefined) return false;
    if (error.keyword === 'x-unsupported') return true;
    if (refused.some(({ instancePath }) => isAtOrBelow(error.instancePath, instancePath))) {
      return false;
    }
    return error.keyword === 'type' || !mistyped.has(error.instancePath);
  });
  const first = new Map(kept.map((error) => [`${error.instancePath} ${identity(error)}`, error]));
  return [...first.values()];
}

/** Two errors of one identity at one place are one mistake. */
function identity(error: ErrorObject): string {
  const { additionalProperty, missingProperty, propertyName } = error.params as Params;
  return additionalProperty ?? missingProperty ?? propertyName ?? '';
}

interface Params {
  readonly additionalProperty?: string;
  readonly missingProperty?: string;
  readonly propertyName?: string;
  readonly type?: string | readonly string[];
  readonly allowedValues?: readonly unknown[];
  readonly limit?: number;
}

function isAtOrBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}

function describe(root: Node, error: ErrorObject): Diagnostic {
  const segments = parsePointer(error.instancePath);
  const params = error.params as Params;
  const unknown = params.additionalProperty ?? params.propertyName;
  if (unknown !== undefined) return describeKey(root, [...segments, unknown], error);
  const { key, value } = locate(root, segments);
  const path = segments.reduce(memberPath, '');
  const label = labelOf(segments);
  switch (error.keyword) {
    case 'x-unsupported':
      return diagnosticAt(key, path, 'unsupported-key', `${label} is not supported yet`, {
        hint: String(error.schema),
      });
    case 'x-ignored':
      return diagnosticAt(
        key,
        path,
        'ignored-key',
        `${label} is ignored: ${String(error.schema)}`,
        {
          severity: 'note',
        },
      );
    case 'required':
      return diagnosticAt(
        key,
        path,
        'missing-key',
        `${label} must have the key "${params.missingProperty}"`,
      );
    case 'type':
      return diagnosticAt(value, path, 'wrong-type', `${label} ${typeMessage(error)}`, {
        hint: error.data === null ? 'Give it a value, or remove the key' : '',
      });
    default:
      return diagnosticAt(value, path, 'invalid-value', `${label} ${valueMessage(error)}`);
  }
}

function describeKey(root: Node, segments: readonly string[], error: ErrorObject): Diagnostic {
  const { key } = locate(root, segments);
  const path = segments.reduce(memberPath, '');
  const name = segments.at(-1) ?? '';
  const parent = (error.parentSchema ?? {}) as ParentSchema;
  if (error.keyword === 'propertyNames') {
    const expected = (error.schema as ParentSchema)['x-expected'] ?? 'another name';
    return diagnosticAt(key, path, 'invalid-name', `invalid name "${name}": must be ${expected}`);
  }
  const suggestion = didYouMean(name, Object.keys(parent.properties ?? {}));
  return diagnosticAt(key, path, 'unknown-key', `unknown key "${name}"${suggestion}`, {
    hint: looksLikeService(error.data, name)
      ? 'A service stands below "services:"; the first version of the Compose format is not read'
      : '',
  });
}

function looksLikeService(data: unknown, name: string): boolean {
  const value = (data as Record<string, unknown> | null)?.[name];
  return typeof value === 'object' && value !== null && ('image' in value || 'build' in value);
}

function typeMessage(error: ErrorObject): string {
  const type = (error.params as Params).type ?? '';
  const types = typeof type === 'string' ? type.split(',') : type;
  const names = types.map(typeName).toSorted((a, b) => Number(a === 'null') - Number(b === 'null'));
  return `must be ${alternatives(names)}, got ${typeOf(error.data)}`;
}

function valueMessage(error: ErrorObject): string {
  const params = error.params as Params;
  const got = ` got ${quoted(error.data)}`;
  switch (error.keyword) {
    case 'enum': {
      const allowed = (params.allowedValues ?? []).map(String);
      const suggestion = typeof error.data === 'string' ? didYouMean(error.data, allowed) : '';
      return `must be ${alternatives(allowed)},${got}${suggestion}`;
    }
    case 'pattern':
      return `must be ${(error.parentSchema as ParentSchema)['x-expected'] ?? 'written otherwise'},${got}`;
    case 'minimum':
      return `must be at least ${params.limit},${got}`;
    case 'maximum':
      return `must be at most ${params.limit},${got}`;
    case 'minItems':
    case 'minLength':
      return 'must not be empty';
    default:
      return error.message ?? 'is not valid';
  }
}

/** `"ports.0"`, `"image"`: the last key that has a name, and what is below it. */
function labelOf(segments: readonly string[]): string {
  const named = segments.findLastIndex((segment) => !/^\d+$/.test(segment));
  return segments.length === 0 ? 'the file' : `"${segments.slice(Math.max(0, named)).join('.')}"`;
}

function alternatives(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`;
}

function typeName(type: string): string {
  return type === 'object' ? 'mapping' : type;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeName(typeof value);
}

/** Long values are left out: they say little, and might be secrets in the wrong place. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length <= 60 ? text : 'something longer';
}

function parsePointer(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
