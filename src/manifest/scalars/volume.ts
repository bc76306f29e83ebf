import { malformed, parsed, type Parsed } from './parsed.ts';

export interface VolumeShort {
  /** `bind` when the source is a path, else `volume`. */
  readonly type: 'volume' | 'bind';
  /** As written; empty for an anonymous volume. */
  readonly source: string;
  /** Path in the container, cleaned. */
  readonly target: string;
  readonly readOnly: boolean;
  readonly noCopy: boolean;
  /** Empty when not given. */
  readonly propagation: string;
  readonly selinux: '' | 'z' | 'Z';
  /** Options that mean nothing here. Compose ignores them without a word. */
  readonly unknownOptions: readonly string[];
}

const propagations = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];

/** The short form of a volume: `target`, `source:target` or `source:target:option,…`. */
export function parseVolume(text: string): Parsed<VolumeShort> {
  if (text === '') return malformed('invalid empty volume spec');
  // Too short to hold a source; a drive letter is not split off either.
  const sections = text.length <= 2 ? [text] : splitSections(text);
  if (sections.includes('')) return invalid(text, 'empty section between colons');
  if (sections.length > 3) return invalid(text, 'too many colons');
  const [source = '', target = '', options = ''] =
    sections.length === 1 ? ['', ...sections] : sections;
  return parsed({
    type: isPath(source) ? 'bind' : 'volume',
    source,
    target: cleanPath(target),
    ...readOptions(options === '' ? [] : options.split(',')),
  });
}

/** Splits at colons, but not after a drive letter (`C:\data`) and not within `${…}`. */
function splitSections(text: string): readonly string[] {
  const sections: string[] = [];
  let section = '';
  let nesting = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '$' && text.charAt(at + 1) === '{') nesting++;
    if (char === '}' && nesting > 0) nesting--;
    if (char === ':' && nesting === 0 && !isDriveLetter(section)) {
      sections.push(section);
      section = '';
    } else {
      section += char;
    }
  }
  return [...sections, section];
}

type Options = Pick<
  VolumeShort,
  'readOnly' | 'noCopy' | 'propagation' | 'selinux' | 'unknownOptions'
>;

function readOptions(options: readonly string[]): Options {
  const known = new Set(['ro', 'rw', 'nocopy', 'z', 'Z', ...propagations]);
  return {
    readOnly: options.findLast((option) => option === 'ro' || option === 'rw') === 'ro',
    noCopy: options.includes('nocopy'),
    propagation: options.findLast((option) => propagations.includes(option)) ?? '',
    selinux: options.findLast((option) => option === 'z' || option === 'Z') ?? '',
    unknownOptions: options.filter((option) => !known.has(option)),
  };
}

function isDriveLetter(section: string): boolean {
  return /^\p{L}$/u.test(section);
}

function isPath(source: string): boolean {
  return /^(?:[./~]|\\\\|\p{L}:)/u.test(source);
}

const uncleanPart = /.\/$|\/(?:\/|\.\.?(?:\/|$))/s;

/** As Go's path.Clean, for absolute paths: no `.`, no `..`, no double or final slash. */
export function cleanPath(path: string): string {
  if (!path.startsWith('/') || !uncleanPart.test(path)) return path;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function invalid(text: string, reason: string): Parsed<VolumeShort> {
  return malformed(`invalid spec: ${text}: ${reason}`);
}
