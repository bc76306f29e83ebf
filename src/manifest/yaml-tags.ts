import type { CollectionTag, ScalarTag, Tags } from 'yaml';

const int = 'tag:yaml.org,2002:int';

/**
 * Compose's reader is go-yaml, which takes these as integers, while YAML 1.2 reads `0440` as 440 and the others as
 * texts.
 */
const integers: readonly ScalarTag[] = [
  integer(/^[-+]?0[0-7_]+$/, 8),
  integer(/^[-+]?0b[01_]+$/, 2),
  integer(/^[-+]?0o[0-7_]+$/, 8),
  integer(/^[-+]?0x[0-9a-fA-F_]+$/, 16),
  integer(/^[-+]?[1-9][0-9]*_[0-9_]*$/, 10),
];

function integer(test: RegExp, radix: number): ScalarTag {
  return { tag: int, default: true, test, resolve: (text) => readInteger(text, radix) };
}

function readInteger(text: string, radix: number): number {
  const digits = text
    .replace(/^[-+]/, '')
    .replaceAll('_', '')
    .replace(/^0[box]/, '');
  const value = Number.parseInt(digits, radix);
  return text.startsWith('-') ? -value : value;
}

/** `!reset` and `!override` may stand on anything. */
function mergeTags(tag: string): readonly (ScalarTag | CollectionTag)[] {
  return [
    { tag, resolve: (text: string) => text },
    { tag, collection: 'map' },
    { tag, collection: 'seq' },
  ];
}

/** The tags of a Compose file, on top of those of the core schema. */
export function composeTags(core: Tags): Tags {
  return [...integers, ...mergeTags('!reset'), ...mergeTags('!override'), ...core];
}
