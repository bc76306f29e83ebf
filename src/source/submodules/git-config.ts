/** One setting of a file in the format of `git config`, in the order of the file. */
export interface GitSetting {
  /** In small letters; empty above the first one. */
  readonly section: string;
  /** What stands in quotes behind the section, as written; empty for nothing. */
  readonly subsection: string;
  /** In small letters. */
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

/** The file is not well formed. */
export class GitConfigError extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const header = /^\[\s*(?<section>[a-z0-9.-]+)(?:\s+"(?<subsection>(?:[^"\\\n]|\\.)*)")?\s*\]/i;
const assignment = /^(?<key>[a-z][a-z0-9-]*)[^\S\n]*(?:(?<equals>=)|(?=[#;\n]|$))/i;
const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['b', '\b'],
  ['"', '"'],
  ['\\', '\\'],
  ['\n', ''],
]);

/**
 * Reads a file as git-config(1) describes it, without what it includes. A key without a value is `true`.
 *
 * @throws GitConfigError where Git would not read it either
 */
export function parseGitConfig(text: string): readonly GitSetting[] {
  const source = text.replaceAll('\r\n', '\n').replace(/^\uFEFF/, '');
  const settings: GitSetting[] = [];
  let place = placeOf('', '');
  let line = 1;
  let counted = 0;
  for (let at = 0; at < source.length;) {
    const rest = source.slice(at);
    const passed = /^(?:\s+|[#;][^\n]*)/.exec(rest)?.[0].length;
    if (passed !== undefined) {
      at += passed;
      continue;
    }
    line += source.slice(counted, at).split('\n').length - 1;
    counted = at;
    const found = rest.startsWith('[') ? header.exec(rest) : assignment.exec(rest);
    if (found === null) throw new GitConfigError(line, 'this is no section and no setting');
    at += found[0].length;
    const { section, subsection = '', key = '', equals } = found.groups ?? {};
    if (section !== undefined) {
      place = placeOf(section, subsection);
      continue;
    }
    const read: ReadValue =
      equals === undefined ? { value: 'true', length: 0 } : readValue(source, at, line);
    at += read.length;
    settings.push({ ...place, key: key.toLowerCase(), value: read.value, line });
  }
  return settings;
}

/** `[submodule.name]` is the old form of `[submodule "name"]`, all in small letters. */
function placeOf(section: string, written: string): Pick<GitSetting, 'section' | 'subsection'> {
  const [name = '', ...old] = section.toLowerCase().split('.');
  const subsection = written.replaceAll(/\\(.)/g, '$1');
  return { section: name, subsection: subsection === '' ? old.join('.') : subsection };
}

interface ReadValue {
  readonly value: string;
  /** How much of the text it takes, its line break not included. */
  readonly length: number;
}

/** Blanks around it and comments behind it do not belong to a value, unless they stand in quotes. */
function readValue(text: string, from: number, line: number): ReadValue {
  let value = '';
  /** How much of it has been said on purpose: blanks that nothing follows are not. */
  let kept = 0;
  let isQuoted = false;
  let at = from;
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\n') break;
    if (character === '"') {
      isQuoted = !isQuoted;
    } else if (character === '\\') {
      at += 1;
      const meant = escapes.get(text.charAt(at));
      if (meant === undefined) throw new GitConfigError(line, 'a \\ stands before what needs none');
      value += meant;
      kept = value.length;
    } else if (isQuoted) {
      value += character;
      kept = value.length;
    } else if (character === '#' || character === ';') {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
      break;
    } else if (!/\s/.test(character)) {
      value += character;
      kept = value.length;
    } else if (value !== '') {
      value += ' ';
    }
  }
  if (isQuoted) throw new GitConfigError(line, 'a quote is not closed');
  return { value: value.slice(0, kept), length: at - from };
}
