import type { CollectionTag, ScalarTag, Tags } from 'yaml';
import { mapTag, seqTag } from 'yaml/util';

interface Notation {
  readonly test: RegExp;
  readonly radix: number;
}

/**
 * Compose's reader is go-yaml, which takes these as integers, while YAML 1.2 reads `0440` as 440 and the others as
 * texts.
 */
const notations: readonly Notation[] = [
  { test: /^[-+]?0[0-7_]+$/, radix: 8 },
  { test: /^[-+]?0b[01_]+$/, radix: 2 },
  { test: /^[-+]?0o[0-7_]+$/, radix: 8 },
  { test: /^[-+]?0x[0-9a-fA-F_]+$/, radix: 16 },
  { test: /^[-+]?[1-9][0-9]*_[0-9_]*$/, radix: 10 },
];

const integer: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: (text) => radixOf(text) !== undefined,
  resolve: (text) => readInteger(text, radixOf(text) ?? 10),
};

/** Nearly all texts are none of these: the first expression says so at their first character. */
function radixOf(text: string): number | undefined {
  if (!/^[-+]?[0-9]/.test(text)) return undefined;
  return notations.find(({ test }) => test.test(text))?.radix;
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
    { ...mapTag, tag, default: false },
    { ...seqTag, tag, default: false },
  ];
}

/** The tags of a Compose file, on top of those of the core schema. */
export function composeTags(core: Tags): Tags {
  return [integer, ...mergeTags('!reset'), ...mergeTags('!override'), ...core];
}
