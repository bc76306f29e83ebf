import type { Origin, Origins } from '../../model/origin.ts';
import { items, members, type Cursor } from '../cursor.ts';

/**
 * Origins of everything below `cursor`, by the path below it: of a scalar where its value stands, of a map or list where
 * its key stands. The empty path is the place itself.
 */
export function collectOrigins(cursor: Cursor): Origins {
  return Object.fromEntries(originsBelow(cursor, cursor.path.length + 1, [['', cursor.key]]));
}

function originsBelow(
  cursor: Cursor,
  skip: number,
  found: (readonly [string, Origin])[],
): readonly (readonly [string, Origin])[] {
  for (const [, member] of members(cursor)) addOrigin(member, skip, found);
  for (const item of items(cursor)) addOrigin(item, skip, found);
  return found;
}

function addOrigin(cursor: Cursor, skip: number, found: (readonly [string, Origin])[]): void {
  const isScalar = cursor.node?.kind === 'scalar';
  found.push([cursor.path.slice(skip), isScalar ? cursor.origin : cursor.key]);
  originsBelow(cursor, skip, found);
}
