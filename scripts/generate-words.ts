/** Types, defaults and texts of the schemas in the words of the reference pages. */
import { dereference, type Schema } from './generate-schema.ts';

/** What a value may be: `list of text`, `whole number, 0 or more`, one of some words. */
export function typeInWords(document: Schema, written: Schema): string {
  if (written.$ref === '#/$defs/duration') return 'duration';
  const schema = dereference(document, written);
  if (schema.enum !== undefined) return alternatives(schema.enum.map((value) => `\`${value}\``));
  const expected = schema['x-expected'];
  // A number or boolean may be a text only as long as it holds a variable, which the pattern says.
  if (expected !== undefined && schema.pattern === '\\$') {
    return `${expected.replace(/^an? /, '')}${range(schema)}`;
  }
  const names = [schema.type ?? []].flat().filter((type) => type !== 'null');
  const text = alternatives(names.map((type) => typeName(document, schema, type)));
  return expected === undefined ? text : `${text}: ${expected}`;
}

function typeName(document: Schema, schema: Schema, type: string): string {
  const { items, additionalProperties: values } = schema;
  switch (type) {
    case 'string':
      return 'text';
    case 'integer':
      return 'whole number';
    case 'array':
      return items === undefined ? 'list' : `list of ${grouped(typeInWords(document, items))}`;
    case 'object':
      return typeof values === 'object'
        ? `map of ${grouped(typeInWords(document, values))}`
        : 'mapping';
    default:
      return type;
  }
}

function grouped(words: string): string {
  return words.includes(' or ') ? `(${words})` : words;
}

function range({ minimum, maximum }: Schema): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? `, ${minimum} or more` : `, ${minimum} to ${maximum}`;
}

function alternatives(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

/** A description without its last sentence when that says the default, and what it says. */
export function splitDefault(description: string): {
  readonly text: string;
  readonly default: string;
} {
  const match = /^(?<text>.*?) ?Default: (?<value>.+)\.$/s.exec(description);
  return { text: match?.groups?.['text'] ?? description, default: match?.groups?.['value'] ?? '' };
}

/** A text as Markdown that shows just this text: placeholders in angle brackets are no HTML, dollars no formula. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll('<', '&lt;')
    .replaceAll(/[*$`]/g, '\\$&')
    .replaceAll(/(?<!\w)_|_(?!\w)/g, '\\_');
}

/** A table in which columns that are empty in every row are left out. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = heads.flatMap((_, at) => (rows.some((row) => row[at] !== '') ? [at] : []));
  const line = (cells: readonly string[]): string =>
    `| ${used.map((at) => tableCell(cells[at] ?? '')).join(' | ')} |`;
  return [line(heads), `|${'---|'.repeat(used.length)}`, ...rows.map(line)].join('\n');
}

function tableCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
