import { Alias, Scalar, YAMLSeq, type Document, type YAMLMap } from 'yaml';

import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';

import type { MapEntry, Node, ScalarNode } from './node.ts';
import { memberPath } from './path-table.ts';
import { mergeTag, readScalar, type SchemaTag } from './yaml-scalar.ts';

/** Levels of nesting within one document, aliases expanded. */
export const maxDepth = 64;

/** Values in one file, aliases expanded. */
const maxNodes = 100_000;

/** What one file has used up so far, and what has been found in it. */
export interface Locator {
  readonly at: (offset: number) => Origin;
  readonly diagnostics: Diagnostic[];
  /** `null` while the anchored value itself is being read. */
  readonly anchors: Map<string, Anchored | null>;
  nodes: number;
  /** Deepest level of nesting since the anchor that is being read began. */
  deepest: number;
  tags: readonly SchemaTag[];
  /** A budget is exhausted: nothing more is read, and one complaint says so. */
  exhausted: boolean;
}

type YamlNode = Scalar | YAMLMap | YAMLSeq | Alias;

interface WrittenPair {
  readonly key: YamlNode;
  readonly value: YamlNode | null;
}

interface Anchored {
  readonly node: Node;
  /** Values in it, itself included. */
  readonly nodes: number;
  /** Levels of nesting below it. */
  readonly height: number;
}

export function createLocator(at: (offset: number) => Origin): Locator {
  return {
    at,
    diagnostics: [],
    anchors: new Map(),
    nodes: 0,
    deepest: 0,
    tags: [],
    exhausted: false,
  };
}

/** The document as located nodes, or null when it is empty. Anchors do not reach into the next document. */
export function locateDocument(locator: Locator, document: Document.Parsed): Node | null {
  const { value } = document;
  if (value instanceof Scalar && value.type === 'PLAIN' && value.source === '') return null;
  locator.anchors.clear();
  locator.tags = document.schema.tags;
  return read(locator, value as YamlNode, 1, '');
}

function read(locator: Locator, node: YamlNode, depth: number, path: string): Node {
  if (node instanceof Alias) return readAlias(locator, node, depth, path);
  if (node.anchor === undefined) return readValue(locator, node, depth, path);
  const { nodes, deepest } = locator;
  locator.deepest = depth;
  locator.anchors.set(node.anchor, null);
  const value = readValue(locator, node, depth, path);
  locator.anchors.set(node.anchor, {
    node: value,
    nodes: locator.nodes - nodes,
    height: locator.deepest - depth,
  });
  locator.deepest = Math.max(deepest, locator.deepest);
  return value;
}

/** The anchored node itself, at its own place: it is immutable, so that it can be shared, but counts at each use. */
function readAlias(locator: Locator, alias: Alias, depth: number, path: string): Node {
  const origin = originOf(locator, alias);
  const anchored = locator.anchors.get(alias.source);
  if (anchored === undefined || anchored === null) {
    const name = alias.source;
    const reason =
      anchored === null
        ? 'it stands within its own anchor'
        : `no anchor "&${name}" stands before it`;
    const message = `Cannot resolve alias "*${name}": ${reason}`;
    complain(locator, origin, path, 'unknown-anchor', message);
    return emptyAt(origin);
  }
  spend(locator, anchored.nodes, depth + anchored.height, origin, path);
  return anchored.node;
}

function readValue(
  locator: Locator,
  node: Exclude<YamlNode, Alias>,
  depth: number,
  path: string,
): Node {
  const origin = originOf(locator, node);
  spend(locator, 1, depth, origin, path);
  if (locator.exhausted) return emptyAt(origin);
  const tag = mergeTag(node.tag);
  if (node instanceof Scalar) return { ...readScalar(node, origin, locator.tags), ...tag };
  if (node instanceof YAMLSeq) {
    // Not node.map(), which makes another sequence of the library.
    const items = Array.from(node, (item, index) =>
      read(locator, item as YamlNode, depth + 1, memberPath(path, index)),
    );
    return { kind: 'list', items, origin, ...tag };
  }
  return { kind: 'map', entries: readEntries(locator, node, depth, path), origin, ...tag };
}

/** Own keys go before merged ones, and of two merged ones the earlier. */
function readEntries(
  locator: Locator,
  map: YAMLMap,
  depth: number,
  path: string,
): ReadonlyMap<string, MapEntry> {
  const entries = new Map<string, MapEntry>();
  let merged: { readonly key: Origin; readonly node: Node } | null = null;
  for (const pair of map.pairs() as Iterable<WrittenPair>) {
    if (locator.exhausted) break;
    const key = originOf(locator, pair.key);
    const isMerge = pair.key instanceof Scalar && typeof pair.key.value === 'symbol';
    const name = isMerge ? '<<' : readKey(locator, pair.key, path);
    if (name === null) continue;
    const earlier = isMerge ? merged : entries.get(name);
    const at = memberPath(path, name);
    if (earlier) complainTwice(locator, at, name, key, earlier.key);
    const value = pair.value === null ? emptyAt(key) : read(locator, pair.value, depth + 1, at);
    if (isMerge) merged = { key, node: value };
    else entries.set(name, { key, node: value });
  }
  if (merged !== null) mergeInto(locator, entries, merged.node, path);
  return entries;
}

/** The text of a key, or null when it is none. */
function readKey(locator: Locator, key: YamlNode, path: string): string | null {
  const node = key instanceof Alias ? readAlias(locator, key, 1, path) : key;
  const value = 'value' in node ? node.value : undefined;
  if (typeof value === 'string') return value;
  const shown =
    key instanceof Scalar && key.source !== undefined ? `"${key.source}"` : 'of a map or list';
  const message = `Cannot read the key ${shown}: a non-string key`;
  complain(locator, originOf(locator, key), path, 'non-string-key', message, 'Put it in quotes');
  return null;
}

function mergeInto(
  locator: Locator,
  entries: Map<string, MapEntry>,
  source: Node,
  path: string,
): void {
  for (const each of source.kind === 'list' ? source.items : [source]) {
    if (each.kind === 'map') {
      for (const [key, entry] of each.entries) if (!entries.has(key)) entries.set(key, entry);
    } else if (!locator.exhausted) {
      const message = 'Cannot merge with "<<": it takes a map or a list of maps';
      complain(locator, each.origin, memberPath(path, '<<'), 'invalid-merge', message);
    }
  }
}

function spend(locator: Locator, nodes: number, depth: number, origin: Origin, path: string): void {
  locator.nodes += nodes;
  locator.deepest = Math.max(locator.deepest, depth);
  if (locator.exhausted || (locator.nodes <= maxNodes && depth <= maxDepth)) return;
  locator.exhausted = true;
  if (locator.nodes <= maxNodes) {
    const message = `Cannot read "${path}": it is nested more than ${maxDepth} levels deep`;
    complain(locator, origin, path, 'too-deep', message);
    return;
  }
  const bomb = nodes > 1;
  const cause = bomb ? ' when its aliases are expanded' : '';
  const message = `Cannot read this file: it holds more than ${maxNodes} values${cause}`;
  complain(locator, origin, path, bomb ? 'alias-bomb' : 'too-many-values', message);
}

function complainTwice(
  locator: Locator,
  path: string,
  name: string,
  second: Origin,
  first: Origin,
): void {
  const message = `Cannot read the key "${name}" in line ${second.line}: it already stands in line ${first.line}`;
  complain(locator, second, path, 'duplicate-key', message, 'Keep one of the two');
}

function complain(
  locator: Locator,
  origin: Origin,
  path: string,
  code: string,
  message: string,
  hint = '',
): void {
  locator.diagnostics.push(diagnosticAt(origin, path, code, message, { hint }));
}

function originOf(locator: Locator, node: YamlNode): Origin {
  return locator.at(node.range?.[0] ?? 0);
}

function emptyAt(origin: Origin): ScalarNode {
  return { kind: 'scalar', value: null, source: '', plain: true, origin };
}
