import { Composer, lex, LineCounter, Pair, Parser, type CST, type YAMLError } from 'yaml';

import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';

import { decodeUtf8 } from './decode-utf8.ts';
import { createLocator, locateDocument, maxDepth } from './locate-yaml.ts';
import type { Node } from './node.ts';
import { composeTags } from './yaml-tags.ts';

/** A stream of YAML documents. With an error among the diagnostics there are no documents. */
export interface ParsedYaml {
  /** In order, without the empty ones. */
  readonly documents: readonly Node[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Tokens on the parser's stack besides one per level of nesting: the document, a scalar and its surroundings. */
const stackMargin = 4;

/** Keys in one map. The library compares each with all those before it. */
const maxKeys = 10_000;

interface Refusal {
  readonly offset: number;
  readonly code: string;
  readonly reason: string;
}

/**
 * Reads a YAML file. Anchors, aliases and merge keys are resolved, and every value keeps the place where it is written.
 * Work and memory stay linear in the size of the file, whatever it holds; the caller bounds the size.
 */
export function parseYaml(file: string, bytes: Uint8Array): ParsedYaml {
  const text = decodeUtf8(file, bytes);
  if (typeof text !== 'string') return { documents: [], diagnostics: [text] };
  const lines = new LineCounter();
  const at = (offset: number): Origin => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const tokens = tokenize(text, lines);
  if (!('code' in tokens)) return compose(tokens, at);
  const { offset, code, reason } = tokens;
  return {
    documents: [],
    diagnostics: [diagnosticAt(at(offset), '', code, `Cannot read this value: ${reason}`)],
  };
}

/**
 * The tokens of the text, or why it is refused. This comes before composing, which is recursive: on an exhausted stack V8
 * cannot compile a regular expression and ends the process, and nobody can catch that.
 */
function tokenize(text: string, lines: LineCounter): readonly CST.Token[] | Refusal {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of lex(text)) {
    parser.next(lexeme);
    const { stack, offset } = parser;
    if (stack.length > maxDepth + stackMargin) {
      const reason = `it is nested more than ${maxDepth} levels deep`;
      return { offset, code: 'too-deep', reason };
    }
    if (keysOf(stack.at(-1)) > maxKeys) {
      return { offset, code: 'too-many-keys', reason: `it has more than ${maxKeys} keys` };
    }
  }
  return parser.end();
}

function keysOf(token: CST.Token | undefined): number {
  const isMap =
    token?.type === 'block-map' ||
    (token?.type === 'flow-collection' && token.start.type === 'flow-map-start');
  return isMap ? token.items.length : 0;
}

function compose(tokens: readonly CST.Token[], at: (offset: number) => Origin): ParsedYaml {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: true,
    // Each key is another one: of two equal ones both are wanted, to say where they stand.
    mapKey: (of) => (of instanceof Pair ? of.key : of),
    prettyErrors: false,
    customTags: composeTags,
  });
  const locator = createLocator(at);
  const documents: Node[] = [];
  for (const document of composer.compose(tokens)) {
    const [error] = document.errors;
    if (error !== undefined) return { documents: [], diagnostics: [syntaxError(error, at)] };
    locator.diagnostics.push(...document.warnings.map((warning) => tagWarning(warning, at)));
    const node = locateDocument(locator, document);
    if (node !== null) documents.push(node);
  }
  const { diagnostics } = locator;
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  return { documents: failed ? [] : documents, diagnostics };
}

function syntaxError(error: YAMLError, at: (offset: number) => Origin): Diagnostic {
  const [sentence = ''] = error.message.split('\n');
  const hint = sentence.startsWith('Missing closing')
    ? 'Close the quote, and indent the lines that continue the text'
    : '';
  const message = `Cannot parse YAML: ${sentence.replace(/[.:]$/, '')}`;
  return diagnosticAt(at(error.pos[0]), '', 'yaml-syntax', message, { hint });
}

function tagWarning(warning: YAMLError, at: (offset: number) => Origin): Diagnostic {
  const tag = /^Unresolved tag: (.*)$/.exec(warning.message)?.[1];
  const message =
    tag === undefined ? warning.message : `The tag "${tag}" means nothing here and is ignored`;
  const code = tag === undefined ? 'yaml-syntax' : 'unknown-tag';
  return diagnosticAt(at(warning.pos[0]), '', code, message, { severity: 'warning' });
}
