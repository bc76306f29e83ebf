import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';

import { decodeUtf8 } from './decode-utf8.ts';
import { expand, type Lookup } from './expand.ts';

export interface EnvVariable {
  readonly value: string;
  /** Where its name stands. */
  readonly origin: Origin;
}

export interface ParsedEnv {
  readonly variables: ReadonlyMap<string, EnvVariable>;
  readonly diagnostics: readonly Diagnostic[];
}

interface Reader {
  readonly file: string;
  readonly text: string;
  readonly lookup: Lookup;
  readonly earlier: Lookup;
  readonly variables: Map<string, EnvVariable>;
  readonly diagnostics: Diagnostic[];
  at: number;
  /** Number of the line that holds `lineStart`, and where it begins; they follow `at`. */
  line: number;
  lineStart: number;
}

// Line ends are significant between a name and its value, so that these do not match them.
const space = '[ \\t\\v\\f\\r\\u0085\\u00a0]';
const blanks = /(?:\s|#[^\n]*)*/y;
const exportWord = new RegExp(`export${space}+`, 'y');
const nameGrammar = new RegExp(
  `([\\p{L}\\p{N}_.\\-[\\]]+)${space}*(?:([=:])${space}*|(?=\\n|#|$))`,
  'uy',
);
const bareValue = /[^\n]*/y;
const quotedValues: Readonly<Record<string, RegExp>> = {
  "'": /'((?:[^'\\]|\\[\s\S])*)'/y,
  '"': /"((?:[^"\\]|\\[\s\S])*)"/y,
};

/**
 * Reads a `.env` file as Compose does, which is not as the npm package of that name does: `export K=V`, `K: V`, a bare
 * `K` that is inherited; `'…'` is literal, `"…"` has escapes and may span lines; all but `'…'` are interpolated, with
 * `lookup` before the file's own earlier variables, and `earlier` after them. Values never reach a message.
 */
export function parseDotenv(
  file: string,
  bytes: Uint8Array,
  lookup: Lookup,
  earlier: Lookup = () => undefined,
): ParsedEnv {
  const text = decodeUtf8(file, bytes);
  if (typeof text !== 'string') return { variables: new Map(), diagnostics: [text] };
  const reader: Reader = {
    file,
    text,
    lookup,
    earlier,
    variables: new Map(),
    diagnostics: [],
    at: 0,
    line: 1,
    lineStart: 0,
  };
  for (take(reader, blanks); reader.at < text.length; take(reader, blanks)) readStatement(reader);
  return { variables: reader.variables, diagnostics: reader.diagnostics };
}

function readStatement(reader: Reader): void {
  take(reader, exportWord);
  const origin = originAt(reader);
  const match = take(reader, nameGrammar);
  if (match === null) {
    complain(reader, origin, 'its name may hold only letters, digits, "_", ".", "-", "[" and "]"');
    skipLine(reader);
    return;
  }
  const [, name = '', separator] = match;
  if (separator !== undefined) {
    readValue(reader, name, origin);
    return;
  }
  const inherited = reader.lookup(name);
  if (inherited !== undefined) reader.variables.set(name, { value: inherited, origin });
}

function readValue(reader: Reader, name: string, origin: Origin): void {
  const quote = reader.text.charAt(reader.at);
  const grammar = quotedValues[quote];
  if (grammar === undefined) {
    const [line = ''] = take(reader, bareValue) ?? [];
    const [template = ''] = line.split(' #', 1);
    define(reader, name, origin, template.trimEnd());
    return;
  }
  const quoted = take(reader, grammar)?.[1];
  if (quoted === undefined) {
    complain(reader, origin, `the ${quote} before the value of "${name}" is not closed`);
    skipLine(reader);
  } else if (quote === "'") {
    reader.variables.set(name, { value: quoted.replaceAll("\\'", "'"), origin });
  } else {
    define(reader, name, origin, unescape(quoted));
  }
}

function define(reader: Reader, name: string, origin: Origin, template: string): void {
  const own = (variable: string): string | undefined =>
    reader.lookup(variable) ?? reader.variables.get(variable)?.value ?? reader.earlier(variable);
  const expanded = expand(template, own);
  if (expanded.kind === 'error') {
    complain(reader, origin, `the value of "${name}" cannot be interpolated: ${expanded.message}`);
    return;
  }
  for (const unset of expanded.unset) {
    const message = `The variable "${unset}" in the value of "${name}" is not set and reads as an empty text`;
    const hint = `Write \${${unset}:-} if it may be empty, or put the value in single quotes if "$" is meant as it stands`;
    reader.diagnostics.push(
      diagnosticAt(origin, name, 'undefined-variable', message, { severity: 'warning', hint }),
    );
  }
  reader.variables.set(name, { value: expanded.value, origin });
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  // Interpolation comes next, and makes one of it.
  $: '$$',
};

/** The escapes of Go's strings, and `\0` with three octal digits; others stand for themselves. */
function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:0([0-3][0-7]{2})|([abfnrtv\\$"]))/g,
    (_, octal: string | undefined, letter: string) =>
      octal === undefined
        ? (escapes[letter] ?? letter)
        : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function take(reader: Reader, grammar: RegExp): RegExpExecArray | null {
  grammar.lastIndex = reader.at;
  const match = grammar.exec(reader.text);
  reader.at += match?.[0].length ?? 0;
  return match;
}

function skipLine(reader: Reader): void {
  const end = reader.text.indexOf('\n', reader.at);
  reader.at = end === -1 ? reader.text.length : end;
}

function originAt(reader: Reader): Origin {
  const { file, text, at } = reader;
  for (let end = text.indexOf('\n', reader.lineStart); end !== -1 && end < at;) {
    reader.line++;
    reader.lineStart = end + 1;
    end = text.indexOf('\n', reader.lineStart);
  }
  return { file, line: reader.line, column: at - reader.lineStart + 1 };
}

function complain(reader: Reader, origin: Origin, reason: string): void {
  const message = `Cannot read the variable in line ${origin.line} of "${origin.file}": ${reason}`;
  reader.diagnostics.push(diagnosticAt(origin, '', 'invalid-env-file', message));
}

/**
 * Reads an env_file of `format: raw`, as `docker run --env-file` does: one `KEY=value` per line, taken as it stands; a
 * bare `KEY` is inherited; lines that start with `#` are comments.
 */
export function parseRawEnv(file: string, bytes: Uint8Array, lookup: Lookup): ParsedEnv {
  const text = decodeUtf8(file, bytes);
  if (typeof text !== 'string') return { variables: new Map(), diagnostics: [text] };
  const variables = new Map<string, EnvVariable>();
  const diagnostics: Diagnostic[] = [];
  for (const [index, rawLine] of text.split(/\r?\n/).entries()) {
    const line = rawLine.trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const origin = { file, line: index + 1, column: rawLine.length - line.length + 1 };
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(line) ?? [];
    if (name === '' || /\s/.test(name)) {
      const message = `Cannot read the variable in line ${origin.line} of "${file}": its name is empty or holds a space`;
      diagnostics.push(diagnosticAt(origin, '', 'invalid-env-file', message));
      continue;
    }
    const found = value ?? lookup(name);
    if (found !== undefined) variables.set(name, { value: found, origin });
  }
  return { variables, diagnostics };
}
