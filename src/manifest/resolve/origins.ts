import { packOrigins, type Origin, type Origins } from '../../model/origin.ts';
import type { Cursor } from '../cursor.ts';
import type { Node } from '../node.ts';
import { memberPath } from '../path-table.ts';

/**
 * Origins of everything below `cursor`, by the path below it: of a scalar where its value stands, of a map or list where
 * its key stands. The empty path is the place itself.
 */
export function collectOrigins(cursor: Cursor): Origins {
  return packOrigins(originsBelow(cursor));
}

/** The same, for those who add to it. */
export function originsBelow({ node, key }: Cursor): Map<string, Origin> {
  const found = new Map([['', key]]);
  if (node !== undefined) addBelow(node, '', found);
  return found;
}

function addBelow(node: Node, path: string, found: Map<string, Origin>): void {
  if (node.kind === 'map') {
    for (const [name, entry] of node.entries) add(node, entry.node, entry.key, path, name, found);
  } else if (node.kind === 'list') {
    for (const [index, item] of node.items.entries()) {
      add(node, item, item.origin, path, index, found);
    }
  }
}

/** A part of a long form that was written in its short form has no path of its own. */
function add(
  parent: Node,
  node: Node,
  key: Origin,
  above: string,
  name: string | number,
  found: Map<string, Origin>,
): void {
  const path = node.origin === parent.origin ? above : memberPath(above, name);
  found.set(path, node.kind === 'scalar' ? node.origin : key);
  addBelow(node, path, found);
}
