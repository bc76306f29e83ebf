import { stringify } from 'safe-stable-stringify';

import type { Settings } from '../model/settings.ts';

type Scalar = string | number | boolean;

/**
 * A setting as a list of words, so that any two can be compared and shown: `name=value` for maps, sorted; one word per
 * item of a list, in its order; none when it is not set.
 */
export function settingWords(value: Settings[keyof Settings]): readonly string[] {
  if (value === undefined) return [];
  if (isScalar(value)) return [String(value)];
  if (isList(value)) return value.map(itemWord);
  return Object.entries(value).flatMap(fieldWords).toSorted();
}

/** What a word is about: the part before `=`. */
export function subjectOf(word: string): string {
  return word.split('=')[0] ?? '';
}

function fieldWords([key, value]: readonly [string, unknown]): readonly string[] {
  if (isScalar(value)) return [`${key}=${value}`];
  if (isList(value)) return value.map((item) => `${key} ${itemWord(item)}`);
  return Object.entries(value as object).flatMap(([name, below]) =>
    fieldWords([`${key}.${name}`, below]),
  );
}

/** `nofile=hard 2048, soft 1024`: the fields of an item by name, after the name that it bears itself. */
function itemWord(item: unknown): string {
  if (isScalar(item)) return String(item);
  const { name = '', ...fields } = item as { readonly name?: string };
  const words = Object.entries(fields)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${isScalar(value) ? value : (stringify(value) ?? '')}`);
  return name === '' ? words.join(', ') : `${name}=${words.join(', ')}`;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
