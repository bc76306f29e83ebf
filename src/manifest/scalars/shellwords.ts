import { malformed, parsed, type Parsed } from './parsed.ts';

export interface ShellWords {
  readonly words: readonly string[];
  /** Offset of the unquoted operator (`;`, `&`, `|`, `<` or `>`) at which reading stopped; null: the text was read whole. */
  readonly stoppedAt: number | null;
}

interface Reader {
  readonly words: string[];
  word: string;
  /** A word has begun; it may be empty, as `""` is. */
  open: boolean;
  /** What the reader is inside of: a quote, or `)` for `$(…)`, or nothing. */
  until: '"' | "'" | '`' | ')' | '';
}

/**
 * Splits a command as Compose does (go-shellwords without variables and backticks): quotes and backslashes are
 * understood, nothing is expanded, and what follows an unquoted operator is left out.
 */
export function parseShellWords(text: string): Parsed<ShellWords> {
  const reader: Reader = { words: [], word: '', open: false, until: '' };
  let stoppedAt: number | null = null;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && reader.until !== "'") {
      at++;
      if (at === text.length) return unfinished(text, '\\');
      append(reader, text.charAt(at));
    } else if (reader.until !== '') {
      readQuoted(reader, char);
    } else if (/[;&|<>]/.test(char)) {
      // `2>file`: the number belongs to the redirection that is left out.
      if (char === '>' && /^\d/.test(reader.word)) reader.open = false;
      stoppedAt = at;
      break;
    } else if (!readBare(reader, char)) {
      return malformed(`Cannot split "${text}" into words: "${char}" needs quotes`);
    }
  }
  if (reader.until !== '') return unfinished(text, reader.until);
  endWord(reader);
  return parsed({ words: reader.words, stoppedAt });
}

/** Backticks and `$(…)` stay in the word; quotes do not. */
function readQuoted(reader: Reader, char: string): void {
  const ends = char === reader.until;
  if (!ends || reader.until === '`' || reader.until === ')') append(reader, char);
  if (ends) reader.until = '';
}

/** False: the character cannot stand here. */
function readBare(reader: Reader, char: string): boolean {
  if (/[ \t\r\n]/.test(char)) {
    endWord(reader);
    return true;
  }
  if (char === '"' || char === "'") {
    reader.until = char;
    reader.open = true;
    return true;
  }
  if (char === ')' || (char === '(' && !reader.word.endsWith('$'))) return false;
  if (char === '`') reader.until = '`';
  if (char === '(') reader.until = ')';
  append(reader, char);
  return true;
}

function append(reader: Reader, char: string): void {
  reader.word += char;
  reader.open = true;
}

function endWord(reader: Reader): void {
  if (reader.open) reader.words.push(reader.word);
  reader.word = '';
  reader.open = false;
}

function unfinished(text: string, what: string): Parsed<ShellWords> {
  return malformed(`Cannot split "${text}" into words: it ends before its ${what} is complete`);
}
