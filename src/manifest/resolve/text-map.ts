import { isOwnLabel } from '../../model/labels.ts';
import { complainAtKey, members, readText, readTexts, warn, type Cursor } from '../cursor.ts';
import type { ScalarNode } from '../node.ts';
import { formatScalar } from '../scalars/format-scalar.ts';

/**
 * A map of texts, or a list of `name=value`: what is not a text is written as Compose writes it, with a warning when that
 * changes it.
 */
export function resolveTextMap(cursor: Cursor): Readonly<Record<string, string>> {
  const mapped = members(cursor).map(([key, value]): [string, string] => {
    warnOfRewriting(value);
    return [key, readText(value) ?? ''];
  });
  return Object.fromEntries([...readTexts(cursor).map(splitPair), ...mapped]);
}

function splitPair(text: string): [string, string] {
  const [name = '', ...value] = text.split('=');
  return [name, value.join('=')];
}

/** Labels of the user; ours and those of Compose that we write are refused. */
export function resolveLabels(cursor: Cursor): Readonly<Record<string, string>> {
  for (const [key, value] of members(cursor)) {
    if (!isOwnLabel(key)) continue;
    complainAtKey(
      value,
      'reserved-label',
      `the label "${key}" is written by Fleetwright itself`,
      'Choose another prefix than "fleetwright." and "com.docker.compose."',
    );
  }
  return resolveTextMap(cursor);
}

/** `1.10` without quotes is the number 1.1: what was meant is lost before anyone can ask. */
export function warnOfRewriting(cursor: Cursor): void {
  const { node } = cursor;
  if (node?.kind !== 'scalar' || !isRewritten(node)) return;
  const message = `${node.source} without quotes is read as ${formatScalar(node)}`;
  warn(cursor, 'unquoted-number', message, `Write "${node.source}"`);
}

function isRewritten(node: ScalarNode): boolean {
  const isText = node.value === null || typeof node.value === 'string';
  return node.plain && !isText && formatScalar(node) !== node.source;
}
