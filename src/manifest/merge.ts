import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';

import { listNode, mapNode, textNode, valueNode } from './build-node.ts';
import { member, type ListNode, type MapNode, type Node, type ScalarNode } from './node.ts';
import { below, memberPath, pathTable, type PathTable } from './path-table.ts';
import { formatScalar } from './scalars/format-scalar.ts';

export { unify } from './unify.ts';

/** How the values of two files come together where maps do not simply merge and lists append. */
type MergeRule =
  | 'replace'
  | 'sequence'
  | 'mapping'
  | 'dependencies'
  | 'build'
  | 'extra-hosts'
  | 'logging'
  | 'ulimit'
  | 'ipam';

const mergeRules: PathTable<MergeRule> = pathTable<MergeRule>([
  ...['command', 'entrypoint', 'healthcheck.test'].map((path) => service(path, 'replace')),
  ...[
    'annotations',
    'build.additional_contexts',
    'build.args',
    'build.labels',
    'deploy.labels',
    'dns',
    'dns_opt',
    'dns_search',
    'env_file',
    'environment',
    'label_file',
    'labels',
    'sysctls',
    'tmpfs',
  ].map((path) => service(path, 'sequence')),
  ...['models', 'networks'].map((path) => service(path, 'mapping')),
  ...['extra_hosts', 'build.extra_hosts'].map((path) => service(path, 'extra-hosts')),
  service('depends_on', 'dependencies'),
  service('build', 'build'),
  service('logging', 'logging'),
  service('ulimits.*', 'ulimit'),
  ['networks.*.labels', 'sequence'],
  ['volumes.*.labels', 'sequence'],
  ['networks.*.ipam.config', 'ipam'],
]);

function service(path: string, rule: MergeRule): readonly [string, MergeRule] {
  return [`services.*.${path}`, rule];
}

interface Place {
  readonly path: string;
  readonly rules: PathTable<MergeRule> | undefined;
  readonly diagnostics: Diagnostic[];
  /** What is merged is merged over something else next, and its tags hold there too. */
  readonly keepsTags: boolean;
}

/**
 * Merges a later file (or document) over an earlier one, by the rules of Compose: maps merge, lists append, other
 * values are replaced, null keeps what is there. `!reset` removes and `!override` replaces without merging. A value
 * keeps the place of the file it came from.
 */
export function mergeNodes(
  base: Node,
  override: Node,
): { readonly node: Node; readonly diagnostics: readonly Diagnostic[] } {
  return mergeFrom(base, override, false);
}

/**
 * Merges a document over what it extends or includes. The tags of the base have had their effect; those of the document
 * also hold for the files before it.
 */
export function extendNode(
  base: Node,
  override: Node,
): { readonly node: Node; readonly diagnostics: readonly Diagnostic[] } {
  return mergeFrom(settled(base), override, true);
}

function mergeFrom(
  base: Node,
  override: Node,
  keepsTags: boolean,
): { readonly node: Node; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const node = mergeAt({ path: '', rules: mergeRules, diagnostics, keepsTags }, base, override);
  return { node, diagnostics };
}

function mergeAt(place: Place, base: Node, override: Node): Node {
  if (override.tag === 'override') return place.keepsTags ? override : untagged(override);
  if (isNull(override)) return base;
  if (isNull(base)) return override;
  switch (place.rules?.rule) {
    case undefined:
      return mergePlain(place, base, override);
    case 'replace':
      return override;
    case 'sequence':
      return append(toSequence(base), toSequence(override));
    case 'mapping':
      return mergePlain(place, toMapping(base, nullAt), toMapping(override, nullAt));
    case 'dependencies':
      return mergePlain(place, toMapping(base, startedAt), toMapping(override, startedAt));
    case 'build':
      return mergePlain(place, toBuild(base), toBuild(override));
    case 'extra-hosts':
      return appendNew(toSequence(base), toSequence(override));
    case 'logging':
      return mergeLogging(place, base, override);
    case 'ulimit':
      return bothMaps(base, override) ? mergePlain(place, base, override) : override;
    case 'ipam':
      return mergeSubnets(place, base, override);
  }
}

function mergePlain(place: Place, base: Node, override: Node): Node {
  if (base.kind === 'scalar') return override;
  if (base.kind === 'map' && override.kind === 'map') return mergeMaps(place, base, override);
  if (base.kind === 'list' && override.kind === 'list') return append(base, override);
  const message = `cannot override ${place.path}: it is a ${base.kind} in ${base.origin.file}:${base.origin.line} and a ${override.kind} here`;
  const hint = `Write a ${base.kind}, or put !override before the value to replace it`;
  place.diagnostics.push(
    diagnosticAt(override.origin, place.path, 'merge-conflict', message, { hint }),
  );
  return base;
}

function mergeMaps(place: Place, base: MapNode, override: MapNode): MapNode {
  const entries = new Map(base.entries);
  for (const [key, entry] of override.entries) {
    const existing = entries.get(key);
    if (entry.node.tag === 'reset' && !place.keepsTags) {
      entries.delete(key);
    } else if (entry.node.tag === 'reset') {
      entries.set(key, entry);
    } else if (existing === undefined || existing.node.tag === 'reset') {
      entries.set(key, place.keepsTags ? entry : { key: entry.key, node: untagged(entry.node) });
    } else {
      const node = mergeAt(placeBelow(place, key), existing.node, entry.node);
      // What is made of both stands where it began.
      const kept = node.origin === existing.node.origin;
      entries.set(key, { key: kept ? existing.key : entry.key, node });
    }
  }
  return { ...base, entries };
}

function placeBelow(place: Place, key: string): Place {
  return { ...place, path: memberPath(place.path, key), rules: below(place.rules, key) };
}

function append(base: ListNode, override: ListNode): ListNode {
  if (override.items.length === 0) return base;
  return { ...base, items: [...base.items, ...override.items] };
}

function appendNew(base: ListNode, override: ListNode): ListNode {
  const known = new Set(base.items.map(textOf));
  return append(base, {
    ...override,
    items: override.items.filter((item) => !known.has(textOf(item))),
  });
}

/** Different drivers have different options, so that only those of the same driver are merged. */
function mergeLogging(place: Place, base: Node, override: Node): Node {
  const drivers = [member(base, 'driver'), member(override, 'driver')].map(textOf);
  const different = drivers.every((driver) => driver !== '') && drivers[0] !== drivers[1];
  return different ? override : mergePlain(place, base, override);
}

/**
 * Merges by `subnet`, in the order of compose-go: each entry of the base meets all of the override, and one that meets
 * none of the same subnet is left out.
 */
function mergeSubnets(place: Place, base: Node, override: Node): Node {
  if (base.kind !== 'list' || override.kind !== 'list') return mergePlain(place, base, override);
  const subnets = new Map<string, Node>();
  for (const old of base.items) {
    for (const item of override.items) {
      const subnet = textOf(member(item, 'subnet'));
      if (textOf(member(old, 'subnet')) === subnet) {
        subnets.set(subnet, mergePlain(place, old, item));
      } else if (!subnets.has(subnet)) {
        subnets.set(subnet, item);
      }
    }
  }
  return { ...base, items: [...subnets.values()] };
}

/** `KEY=value` per entry, sorted; an entry without a value is the bare key, one with several values is repeated. */
function toSequence(node: Node): ListNode {
  if (node.kind === 'list') return node;
  if (node.kind === 'scalar') return listNode(node.origin, [node]);
  const items = [...node.entries].flatMap(([key, { node: value }]) =>
    (value.kind === 'list' ? value.items : [value]).map((each) => keyValue(key, each)),
  );
  const sorted = items.toSorted((a, b) => (a.source < b.source ? -1 : 1));
  return listNode(node.origin, sorted);
}

function keyValue(key: string, node: Node): ScalarNode {
  return textNode(node.origin, isNull(node) ? key : `${key}=${textOf(node)}`);
}

function toMapping(node: Node, valueAt: (item: Node) => Node): Node {
  if (node.kind !== 'list') return node;
  return mapNode(
    node.origin,
    node.items.map((item) => [textOf(item), valueAt(item)]),
  );
}

function nullAt(item: Node): Node {
  return valueNode(item.origin, null);
}

function startedAt({ origin }: Node): Node {
  return mapNode(origin, [
    ['condition', textNode(origin, 'service_started')],
    ['required', valueNode(origin, true)],
  ]);
}

function toBuild(node: Node): Node {
  return node.kind === 'scalar' ? mapNode(node.origin, [['context', node]]) : node;
}

function textOf(node: Node | undefined): string {
  return node?.kind === 'scalar' ? formatScalar(node) : '';
}

function bothMaps(a: Node, b: Node): boolean {
  return a.kind === 'map' && b.kind === 'map';
}

function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** The value without tags, and without what they remove. */
function settled(node: Node): Node {
  if (node.kind === 'scalar') return untagged(node);
  if (node.kind === 'list') return untagged({ ...node, items: node.items.map(settled) });
  const entries = [...node.entries].filter(([, entry]) => entry.node.tag !== 'reset');
  return untagged({
    ...node,
    entries: new Map(
      entries.map(([key, entry]) => {
        const settle = key === 'x-fleetwright' ? settledExtension : settled;
        return [key, { ...entry, node: settle(entry.node) }];
      }),
    ),
  });
}

/** Overrides are merged over the service later, and what they mark holds there. */
function settledExtension(node: Node): Node {
  const overrides = node.kind === 'map' ? node.entries.get('overrides') : undefined;
  const whole = settled(node);
  if (overrides === undefined || whole.kind !== 'map') return whole;
  const isRemoved = overrides.node.tag === 'reset';
  return isRemoved
    ? whole
    : { ...whole, entries: new Map(whole.entries).set('overrides', overrides) };
}

function untagged(node: Node): Node {
  if (node.tag === undefined) return node;
  const { tag: _tag, ...rest } = node;
  return rest;
}
