import type { HostSelector } from '../../model/host-selector.ts';
import { readText, readTexts, type Cursor } from '../cursor.ts';
import { resolveTextMap } from './text-map.ts';

/** The hosts that a key names: one name, a list of names, or labels. */
export function resolveHostSelector(cursor: Cursor): HostSelector {
  const { node } = cursor;
  if (node?.kind === 'map') return resolveTextMap(cursor);
  return node?.kind === 'list' ? readTexts(cursor) : [readText(cursor) ?? ''];
}
