import type { MapEntry, MapNode, ListNode, Node, ScalarNode } from './node.ts';
import type { Origin } from '../model/origin.ts';

/** Nodes for values that are derived from one that a person wrote; they stand where that one stands. */

export function textNode(origin: Origin, text: string): ScalarNode {
  return { kind: 'scalar', value: text, source: text, plain: false, origin };
}

export function valueNode(origin: Origin, value: null | boolean | number): ScalarNode {
  const source = value === null ? '' : String(value);
  return { kind: 'scalar', value, source, plain: true, origin };
}

export function listNode(origin: Origin, items: readonly Node[]): ListNode {
  return { kind: 'list', items, origin };
}

/** Leaves out members that are undefined. */
export function mapNode(
  origin: Origin,
  members: Iterable<readonly [key: string, node: Node | undefined]>,
): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [key, node] of members) {
    if (node !== undefined) entries.set(key, { key: node.origin, node });
  }
  return { kind: 'map', entries, origin };
}
