import type { Origin } from '../model/origin.ts';

/**
 * A YAML value that knows where it stands. All stages of the pipeline work on these immutable nodes, so a value keeps the
 * line a person wrote it on through anchors, merge keys, interpolation and overrides.
 */
export type Node = ScalarNode | MapNode | ListNode;

/** Compose's tags: `!reset` removes the value of the base file, `!override` replaces it without merging. */
export type MergeTag = 'reset' | 'override';

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: null | boolean | number | string;
  /** The characters as written, without quotes: `0440`, `1.10`, `yes`. */
  readonly source: string;
  /** Written without quotes. */
  readonly plain: boolean;
  readonly origin: Origin;
  readonly tag?: MergeTag;
}

export interface MapNode {
  readonly kind: 'map';
  /** In the order written; what a merge key brought comes last. */
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly origin: Origin;
  readonly tag?: MergeTag;
}

export interface MapEntry {
  /** Where the key stands. */
  readonly key: Origin;
  readonly node: Node;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly origin: Origin;
  readonly tag?: MergeTag;
}

export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

/** The value alone, as JSON would hold it; `__proto__` is a key like any other. */
export function toPlain(node: Node): Plain {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toPlain);
    case 'map': {
      // Not without a prototype: the engine has no fast way to the fields of such objects, and the check of the shape asks for many.
      const plain: { [key: string]: Plain } = {};
      for (const [key, entry] of node.entries) setOwn(plain, key, toPlain(entry.node));
      return plain;
    }
  }
}

function setOwn(plain: { [key: string]: Plain }, key: string, value: Plain): void {
  if (key !== '__proto__') plain[key] = value;
  else Object.defineProperty(plain, key, { value, enumerable: true });
}

/** The member of a map, or undefined. */
export function member(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.node : undefined;
}

export interface Located {
  /** Where the key stands that names the value; for a list item or the root, the value itself. */
  readonly key: Origin;
  readonly value: Origin;
}

/** Where the value at `path` stands, or the nearest thing around it that exists. */
export function locate(root: Node, path: readonly string[]): Located {
  let at: Located = { key: root.origin, value: root.origin };
  let node: Node = root;
  for (const part of path) {
    const next = step(node, part);
    if (next === undefined) return at;
    at = { key: next.key, value: next.node.origin };
    node = next.node;
  }
  return at;
}

function step(node: Node, part: string): MapEntry | undefined {
  if (node.kind === 'map') return node.entries.get(part);
  if (node.kind === 'scalar') return undefined;
  const item = node.items[Number(part)];
  return item === undefined ? undefined : { key: item.origin, node: item };
}
