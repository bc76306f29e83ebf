import { diagnosticAt } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';
import type { Node } from './node.ts';
import { memberPath } from './path-table.ts';
import type { Report } from './report.ts';
import { formatScalar } from './scalars/format-scalar.ts';
import type { Parsed } from './scalars/parsed.ts';

/**
 * A place in a document from which values are read. A place may be empty: reading from it gives null, so that readers
 * need not ask at every level. A value of the wrong type also gives null: the check of the shape has reported it.
 *
 * It knows the place that it was reached from, and spells its path when somebody asks: a large repository takes millions of
 * steps, nearly all to empty places of which nothing is said. Hence a class, which no spread can copy without its path.
 */
export class Cursor {
  readonly node: Node | undefined;
  /** Where the key stands that names this place; for an empty one, the nearest thing around it. */
  readonly key: Origin;
  /** Where the value stands; for an empty place, the nearest thing around it. */
  readonly origin: Origin;
  readonly report: Report;
  /** Not with "#": such fields cost a tenth of a load to set. */
  private readonly parent: Cursor | null;
  private readonly name: string | number;

  constructor(
    parent: Cursor | null,
    name: string | number,
    node: Node | undefined,
    key: Origin,
    report: Report,
  ) {
    this.parent = parent;
    this.name = name;
    this.node = node;
    this.key = key;
    this.origin = node?.origin ?? parent?.origin ?? key;
    this.report = report;
  }

  /** A part of a long form that was written in its short form has no path of its own: it shares the very same origin. */
  get path(): string {
    const { parent } = this;
    if (parent === null) return '';
    const isShort = this.node !== undefined && this.node.origin === parent.node?.origin;
    return isShort ? parent.path : memberPath(parent.path, this.name);
  }

  /** The same place, looked at in another way. */
  with(change: { readonly origin?: Origin; readonly report?: Report }): Cursor {
    const { parent, name, node, key } = this;
    const { origin = this.origin, report = this.report } = change;
    return Object.assign(new Cursor(parent, name, node, key, report), { origin });
  }
}

export function cursorAt(root: Node, report: Report): Cursor {
  return new Cursor(null, '', root, root.origin, report);
}

/** The same place, looked at without complaining. */
export function silent(cursor: Cursor): Cursor {
  return cursor.with({ report: () => {} });
}

/** The same place, spoken of where its key stands. */
export function atKey(cursor: Cursor): Cursor {
  return cursor.with({ origin: cursor.key });
}

/** The member of a map, by one key or by several. */
export function child(cursor: Cursor, key: string, ...below: readonly string[]): Cursor {
  let member = step(cursor, key);
  for (const each of below) member = step(member, each);
  return member;
}

function step(cursor: Cursor, key: string): Cursor {
  const entry = cursor.node?.kind === 'map' ? cursor.node.entries.get(key) : undefined;
  return new Cursor(cursor, key, entry?.node, entry?.key ?? cursor.key, cursor.report);
}

/** The members of a map, in the order written; none when it is not a map. */
export function members(cursor: Cursor): readonly (readonly [string, Cursor])[] {
  if (cursor.node?.kind !== 'map') return [];
  return Array.from(cursor.node.entries, ([key, entry]) => [
    key,
    new Cursor(cursor, key, entry.node, entry.key, cursor.report),
  ]);
}

/** The items of a list; none when it is not a list. */
export function items(cursor: Cursor): readonly Cursor[] {
  if (cursor.node?.kind !== 'list') return [];
  return cursor.node.items.map(
    (node, index) => new Cursor(cursor, index, node, node.origin, cursor.report),
  );
}

/** Whether something is written at this place, be it null. */
export function isPresent(cursor: Cursor): boolean {
  return cursor.node !== undefined;
}

export function isEmptyOrNull(cursor: Cursor): boolean {
  const { node } = cursor;
  return node === undefined || (node.kind === 'scalar' && node.value === null);
}

/** A text; a number or boolean is written as Compose writes it. */
export function readText(cursor: Cursor): string | null {
  const { node } = cursor;
  return node?.kind === 'scalar' && node.value !== null ? formatScalar(node) : null;
}

export function readTexts(cursor: Cursor): readonly string[] {
  return items(cursor).flatMap((item) => readText(item) ?? []);
}

export function readNumber(cursor: Cursor): number | null {
  const value = readScalar(cursor);
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : null;
}

export function readBoolean(cursor: Cursor): boolean | null {
  const value = readScalar(cursor);
  return typeof value === 'boolean' ? value : null;
}

/** Reads a scalar in one of Compose's grammars, and reports it when it does not follow it. */
export function readWith<T>(
  cursor: Cursor,
  parse: (value: string | number) => Parsed<T>,
): T | null {
  const value = readScalar(cursor);
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const result = parse(value);
  if (result.ok) return result.value;
  complain(cursor, 'invalid-value', result.message);
  return null;
}

/** As readWith, for grammars of texts only. */
export function readTextWith<T>(cursor: Cursor, parse: (text: string) => Parsed<T>): T | null {
  return readWith(cursor, (value) => parse(String(value)));
}

/** Reports an error at the value. */
export function complain(cursor: Cursor, code: string, message: string, hint = ''): void {
  cursor.report(diagnosticAt(cursor.origin, cursor.path, code, message, { hint }));
}

/** Reports an error at the key. */
export function complainAtKey(cursor: Cursor, code: string, message: string, hint = ''): void {
  cursor.report(diagnosticAt(cursor.key, cursor.path, code, message, { hint }));
}

/** Reports a warning at the value. */
export function warn(cursor: Cursor, code: string, message: string, hint = ''): void {
  const severity = 'warning';
  cursor.report(diagnosticAt(cursor.origin, cursor.path, code, message, { severity, hint }));
}

function readScalar(cursor: Cursor): null | boolean | number | string {
  return cursor.node?.kind === 'scalar' ? cursor.node.value : null;
}
