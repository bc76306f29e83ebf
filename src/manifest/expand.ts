/** The value of a variable, or undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

export type Expanded = ExpandedText | ExpansionError;

export interface ExpandedText {
  readonly kind: 'ok';
  readonly value: string;
  /** Variables that are not set and have no default, in order of appearance; they stand as empty texts in the value. */
  readonly unset: readonly string[];
}

export interface ExpansionError {
  readonly kind: 'error';
  readonly code: 'invalid-template' | 'required-variable';
  readonly message: string;
}

/** Templates nested deeper are no honest ones; the bound keeps the recursion from exhausting the stack. */
const maxNesting = 64;

const name = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const operators = [':-', ':+', ':?', '-', '+', '?'] as const;
/** Where the meaning of a text may change. */
const special = /[${}]/g;

type Operator = (typeof operators)[number];

interface Reader {
  readonly text: string;
  readonly lookup: Lookup;
  readonly unset: string[];
  at: number;
  nesting: number;
}

/**
 * Replaces variables by the grammar of Compose, in one pass:
 *
 *     $$  $NAME  ${NAME}  ${NAME:-default}  ${NAME-default}  ${NAME:+other}  ${NAME+other}  ${NAME:?error}  ${NAME?error}
 *
 * Defaults, alternatives and errors are templates themselves. A `$` that starts none of these stands for itself.
 */
export function expand(template: string, lookup: Lookup): Expanded {
  const reader: Reader = { text: template, lookup, unset: [], at: 0, nesting: 0 };
  const value = readTemplate(reader);
  return typeof value === 'string' ? { kind: 'ok', value, unset: reader.unset } : value;
}

/** Reads to the end of the text, or within braces to the `}` that closes them. Braces in an operand are balanced. */
function readTemplate(reader: Reader): string | ExpansionError {
  let value = '';
  let open = 0;
  while (reader.at < reader.text.length) {
    const char = reader.text.charAt(reader.at);
    if (char === '}' && reader.nesting > 0 && open === 0) break;
    if (char === '$') {
      const part = readDollar(reader);
      if (typeof part !== 'string') return part;
      value += part;
    } else {
      open += braceStep(char);
      const stop = nextSpecial(reader.text, reader.at + 1);
      value += reader.text.slice(reader.at, stop);
      reader.at = stop;
    }
  }
  return value;
}

/** Passes over an operand that does not apply, and so is not looked into. */
function skipOperand(reader: Reader): void {
  let open = 0;
  while (reader.at < reader.text.length) {
    const step = braceStep(reader.text.charAt(reader.at));
    if (open + step < 0) return;
    open += step;
    reader.at = nextSpecial(reader.text, reader.at + 1);
  }
}

function braceStep(char: string): number {
  return char === '{' ? 1 : char === '}' ? -1 : 0;
}

function nextSpecial(text: string, from: number): number {
  special.lastIndex = from;
  return special.exec(text)?.index ?? text.length;
}

function readDollar(reader: Reader): string | ExpansionError {
  reader.at++;
  const next = reader.text[reader.at];
  if (next === '{') return readBraces(reader);
  if (next === '$') {
    reader.at++;
    return '$';
  }
  const variable = readName(reader);
  return variable === null ? '$' : lookUp(reader, variable);
}

function readBraces(reader: Reader): string | ExpansionError {
  reader.at++;
  const variable = readName(reader);
  if (variable === null) return invalid(reader, '${');
  if (reader.text[reader.at] === '}') {
    reader.at++;
    return lookUp(reader, variable);
  }
  const operator = operators.find((each) => reader.text.startsWith(each, reader.at));
  if (operator === undefined) return invalid(reader, `\${${variable}`);
  reader.at += operator.length;
  const value = readOperand(reader, variable, operator);
  if (typeof value !== 'string') return value;
  if (reader.text[reader.at] !== '}') return invalid(reader, `\${${variable}${operator}`);
  reader.at++;
  return value;
}

function readOperand(
  reader: Reader,
  variable: string,
  operator: Operator,
): string | ExpansionError {
  const found = reader.lookup(variable);
  const present = found !== undefined && !(operator.startsWith(':') && found === '');
  if (present !== operator.endsWith('+')) {
    skipOperand(reader);
    return present ? found : '';
  }
  if (reader.nesting >= maxNesting) return tooDeep();
  reader.nesting++;
  const operand = readTemplate(reader);
  reader.nesting--;
  const missing = operator.endsWith('?') && reader.text[reader.at] === '}';
  return missing && typeof operand === 'string' ? required(variable, operand) : operand;
}

function readName(reader: Reader): string | null {
  name.lastIndex = reader.at;
  const match = name.exec(reader.text)?.[0] ?? null;
  reader.at += match?.length ?? 0;
  return match;
}

function lookUp(reader: Reader, variable: string): string {
  const value = reader.lookup(variable);
  if (value === undefined) reader.unset.push(variable);
  return value ?? '';
}

function required(variable: string, reason: string): ExpansionError {
  const message = `required variable ${variable} is missing a value${reason === '' ? '' : `: ${reason}`}`;
  return { kind: 'error', code: 'required-variable', message };
}

/** Only the name goes into the message: a default may be a secret. */
function invalid(reader: Reader, start: string): ExpansionError {
  const next = reader.text[reader.at];
  const found = next === undefined ? 'is not closed' : `cannot be followed by "${next}"`;
  return {
    kind: 'error',
    code: 'invalid-template',
    message: `Invalid template: "${start}" ${found}`,
  };
}

function tooDeep(): ExpansionError {
  const message = `Invalid template: more than ${maxNesting} braces within each other`;
  return { kind: 'error', code: 'invalid-template', message };
}
