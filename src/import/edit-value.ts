import { CST, lex, Parser } from 'yaml';

import type { Origin } from '../model/origin.ts';

/** A file with another value at one place; or why that cannot be, as the end of a sentence. */
export type EditedValue =
  | { readonly kind: 'edited'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: string };

export interface ValueEdit {
  /** Where the value stands. */
  readonly origin: Origin;
  /** Path below the service, as in a report on drift. */
  readonly path: string;
  /** What is to stand there, as the container has it. */
  readonly value: string;
  /** Put it in quotes even where it could do without: it reads as another type. */
  readonly quoted: boolean;
}

/** Writes another value where one stands; everything else in the file, comments and layout too, stays byte for byte. */
export function editValue(text: string, edit: ValueEdit): EditedValue {
  const isYaml = /\.ya?ml$/.test(edit.origin.file);
  const edited = isYaml ? editYaml(text, edit) : editVariable(text, edit);
  if (edited.kind === 'refused' || isOneLine(text, edited.text, edit.origin.line)) return edited;
  return refused('it does not fit on one line');
}

function editYaml(text: string, { origin, path, value, quoted }: ValueEdit): EditedValue {
  const parser = new Parser();
  for (const lexeme of lex(text)) parser.next(lexeme);
  const tokens = parser.end();
  const offset = offsetOf(text, origin);
  const token = scalarAt(tokens, offset);
  if (token === undefined) return refused('what stands there is not one value');
  if (token.type === 'block-scalar') return refused('a text of several lines stands there');
  const former = CST.resolveAsScalar(token)?.value ?? '';
  if (hasVariables(former)) return refused('what stands there is put together from variables');
  const name = variableOf(path);
  const isPair = name !== null && former.startsWith(`${name}=`);
  const next = value.replaceAll('$', '$$$$');
  CST.setScalarValue(token, isPair ? `${name}=${next}` : next, {
    // Commas and brackets mean something where it stands between some; elsewhere quotes do no harm.
    inFlow: true,
    ...(quoted || value === '' ? { type: 'QUOTE_DOUBLE' as const } : {}),
  });
  return { kind: 'edited', text: tokens.map((each) => CST.stringify(each)).join('') };
}

type ScalarToken = CST.FlowScalar | CST.BlockScalar;

function scalarAt(tokens: readonly CST.Token[], offset: number): ScalarToken | undefined {
  let found: ScalarToken | undefined;
  for (const token of tokens) {
    if (token.type !== 'document') continue;
    CST.visit(token, ({ value }) => {
      const isThere = CST.isScalar(value) && value.offset === offset && value.type !== 'alias';
      if (isThere) found = value;
    });
  }
  return found;
}

/** The variable, label or annotation that a path is about; null when it is about none. */
function variableOf(path: string): string | null {
  return /^(?:environment|labels|annotations)\.(.+)$/s.exec(path)?.[1] ?? null;
}

/** A value in a `.env` file, after the name that stands at the origin. */
function editVariable(text: string, { origin, path, value, quoted }: ValueEdit): EditedValue {
  const name = variableOf(path) ?? '';
  const start = offsetOf(text, origin);
  const end = text.indexOf('\n', start);
  const rest = text.slice(start, end === -1 ? undefined : end);
  const [, head = '', former = '', tail = ''] =
    /^([^=:\s]+[ \t]*[=:][ \t]*)('[^']*'|"[^"\\]*"|[^'"\s].*?|)((?:[ \t]+#.*)?\s*)$/.exec(rest) ??
    [];
  if (head === '' || !rest.startsWith(name)) return refused('what stands there is not one value');
  if (!former.startsWith("'") && hasVariables(former)) {
    return refused('what stands there is put together from variables');
  }
  const next = quoted || former.startsWith("'") ? `'${value}'` : value;
  const edited = `${head}${next}${tail}`;
  return { kind: 'edited', text: text.slice(0, start) + edited + text.slice(start + rest.length) };
}

function hasVariables(text: string): boolean {
  return text.replaceAll('$$', '').includes('$');
}

function offsetOf(text: string, { line, column }: Origin): number {
  let start = 0;
  for (let passed = 1; passed < line; passed += 1) start = text.indexOf('\n', start) + 1;
  return start + column - 1;
}

function isOneLine(before: string, after: string, line: number): boolean {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  const others = (lines: readonly string[]): string => lines.toSpliced(line - 1, 1).join('\n');
  return old.length === fresh.length && others(old) === others(fresh);
}

function refused(reason: string): EditedValue {
  return { kind: 'refused', reason };
}
