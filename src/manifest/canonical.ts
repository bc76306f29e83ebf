import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { PortSpec } from '../model/container.ts';
import type { Origin } from '../model/origin.ts';

import { listNode, mapNode, textNode, valueNode } from './build-node.ts';
import type { MapEntry, Node, ScalarNode } from './node.ts';
import { below, memberPath, pathTable, type PathTable } from './path-table.ts';
import { formatScalar } from './scalars/format-scalar.ts';
import { parsePort } from './scalars/port.ts';
import { parseShellWords } from './scalars/shellwords.ts';
import { parseVolume, type VolumeShort } from './scalars/volume.ts';

/** Gives a value its long form. What has another shape than the rule expects is left as it is. */
type Rule = (node: Node, place: Place) => Node;

interface Place {
  readonly path: string;
  readonly diagnostics: Diagnostic[];
}

const rules: PathTable<Rule> = pathTable<Rule>([
  ...['annotations', 'environment', 'sysctls'].map(
    (path) => [`services.*.${path}`, pairsToMap(null)] as const,
  ),
  ...['services.*', 'services.*.deploy', 'networks.*', 'volumes.*'].map(
    (path) => [`${path}.labels`, pairsToMap('')] as const,
  ),
  ['services.*.depends_on', namesToMap(startedAt)],
  ['services.*.networks', namesToMap(({ origin }) => valueNode(origin, null))],
  ['services.*.ports', expandItems(longPorts)],
  ['services.*.volumes', expandItems(longVolume)],
  ['services.*.env_file', envFiles],
  ['services.*.configs', expandItems(namedMember('source'))],
  ['services.*.secrets', expandItems(namedMember('source'))],
  ['services.*.dns', withoutEmpty],
  ['services.*.command', splitWords],
  ['services.*.entrypoint', splitWords],
  ['services.*.post_start', eachHook],
  ['services.*.pre_start', eachHook],
  ['services.*.pre_stop', eachHook],
  ['services.*.healthcheck.test', shellTest],
  ['x-fleetwright.dependsOn', expandItems(namedMember('application'))],
]);

/**
 * Replaces the short forms of a Compose document by the long ones, so that later stages know one form only. Every
 * member of a long form stands where its short form stands.
 */
export function canonicalise(node: Node): {
  readonly node: Node;
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  return { node: visit(node, rules, { path: '', diagnostics }), diagnostics };
}

function visit(node: Node, table: PathTable<Rule> | undefined, place: Place): Node {
  if (table === undefined) return node;
  if (table.rule !== undefined) return table.rule(node, place);
  if (node.kind !== 'map') return node;
  let changed: Map<string, MapEntry> | null = null;
  for (const [key, entry] of node.entries) {
    const rule = below(table, key);
    if (rule === undefined) continue;
    const at = { path: memberPath(place.path, key), diagnostics: place.diagnostics };
    const value = visit(entry.node, rule, at);
    if (value === entry.node) continue;
    changed ??= new Map(node.entries);
    changed.set(key, { key: entry.key, node: value });
  }
  return changed === null ? node : { ...node, entries: changed };
}

/** `[KEY=value, …]` to a map; a bare `KEY` gets `missing`. */
function pairsToMap(missing: null | ''): Rule {
  return (node) => {
    if (node.kind !== 'list' || !node.items.every(isScalar)) return node;
    return mapNode(
      node.origin,
      node.items.map((item) => pair(item, missing)),
    );
  };
}

function pair(item: ScalarNode, missing: null | ''): readonly [string, Node] {
  const text = formatScalar(item);
  const at = text.indexOf('=');
  if (at !== -1) return [text.slice(0, at), textNode(item.origin, text.slice(at + 1))];
  return [text, missing === null ? valueNode(item.origin, null) : textNode(item.origin, missing)];
}

function namesToMap(valueAt: (item: ScalarNode) => Node): Rule {
  return (node) => {
    if (node.kind !== 'list' || !node.items.every(isScalar)) return node;
    return mapNode(
      node.origin,
      node.items.map((item) => [formatScalar(item), valueAt(item)]),
    );
  };
}

function startedAt({ origin }: ScalarNode): Node {
  return mapNode(origin, [
    ['condition', textNode(origin, 'service_started')],
    ['required', valueNode(origin, true)],
  ]);
}

/** Long forms pass; a short form gives any number of long ones. */
function expandItems(expand: (item: ScalarNode, place: Place) => readonly Node[]): Rule {
  return (node, place) => {
    if (node.kind !== 'list') return node;
    const items = node.items.flatMap((item, index) =>
      isScalar(item) ? expand(item, { ...place, path: memberPath(place.path, index) }) : [item],
    );
    return { ...node, items };
  };
}

function longPorts(item: ScalarNode, place: Place): readonly Node[] {
  const ports = parsePort(formatScalar(item));
  if (ports.ok) return ports.value.map((port) => portNode(item.origin, port));
  complain(place, item, 'invalid-port', `Cannot read port "${item.source}": ${ports.message}`);
  return [];
}

function portNode(origin: Origin, port: PortSpec): Node {
  return mapNode(origin, [
    ['mode', textNode(origin, 'ingress')],
    ['host_ip', optionalText(origin, port.hostIp)],
    ['target', valueNode(origin, port.target)],
    ['published', optionalText(origin, port.published)],
    ['protocol', textNode(origin, port.protocol)],
  ]);
}

function longVolume(item: ScalarNode, place: Place): readonly Node[] {
  const volume = parseVolume(formatScalar(item));
  if (!volume.ok) {
    complain(
      place,
      item,
      'invalid-volume',
      `Cannot read volume "${item.source}": ${volume.message}`,
    );
    return [];
  }
  for (const option of volume.value.unknownOptions) {
    const message = `The option "${option}" of volume "${item.source}" means nothing and is ignored`;
    complain(place, item, 'unknown-volume-option', message, 'warning');
  }
  return [volumeNode(item.origin, volume.value)];
}

function volumeNode(origin: Origin, volume: VolumeShort): Node {
  const bind = mapNode(origin, [
    ['create_host_path', valueNode(origin, true)],
    ['propagation', optionalText(origin, volume.propagation)],
    ['selinux', optionalText(origin, volume.selinux)],
  ]);
  const noCopy = mapNode(origin, [['nocopy', volume.noCopy ? valueNode(origin, true) : undefined]]);
  return mapNode(origin, [
    ['type', textNode(origin, volume.type)],
    ['source', optionalText(origin, volume.source)],
    ['target', textNode(origin, volume.target)],
    ['read_only', volume.readOnly ? valueNode(origin, true) : undefined],
    ['bind', volume.type === 'bind' ? bind : undefined],
    ['volume', volume.type === 'volume' ? noCopy : undefined],
  ]);
}

function envFiles(node: Node, place: Place): Node {
  if (node.kind === 'map' || isNull(node)) return node;
  const list = node.kind === 'list' ? node : listNode(node.origin, [node]);
  return expandItems(({ origin, ...item }) => [
    mapNode(origin, [
      ['path', { ...item, origin }],
      ['required', valueNode(origin, true)],
    ]),
  ])(list, place);
}

/** Leaves out empty texts, which is how a variable that may be empty leaves out a name server. */
function withoutEmpty(node: Node): Node {
  if (node.kind === 'scalar') return isEmptyText(node) ? listNode(node.origin, []) : node;
  return node.kind === 'list'
    ? { ...node, items: node.items.filter((item) => !isEmptyText(item)) }
    : node;
}

function isEmptyText(node: Node): boolean {
  return node.kind === 'scalar' && node.value === '';
}

/** A name alone stands for a mapping with this key. */
function namedMember(key: string): (item: ScalarNode) => readonly Node[] {
  return (item) => [mapNode(item.origin, [[key, item]])];
}

function splitWords(node: Node, place: Place): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  const split = parseShellWords(node.value);
  if (!split.ok) {
    complain(place, node, 'invalid-command', split.message);
    return node;
  }
  const { words, stoppedAt } = split.value;
  if (stoppedAt !== null) {
    const operator = node.value.charAt(stoppedAt);
    const message = `"${operator}" ends the command, and what follows is not run: no shell reads it`;
    const hint = 'Write ["sh", "-c", "…"] for a shell, or put the character in quotes';
    complain(place, node, 'command-cut-short', message, 'warning', hint);
  }
  return listNode(
    node.origin,
    words.map((word) => textNode(node.origin, word)),
  );
}

const hookRules: PathTable<Rule> = pathTable<Rule>([
  ['command', splitWords],
  ['environment', pairsToMap(null)],
]);

function eachHook(node: Node, place: Place): Node {
  if (node.kind !== 'list') return node;
  const items = node.items.map((item, index) =>
    visit(item, hookRules, { ...place, path: memberPath(place.path, index) }),
  );
  return { ...node, items };
}

function shellTest(node: Node): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  return listNode(node.origin, [textNode(node.origin, 'CMD-SHELL'), node]);
}

function optionalText(origin: Origin, text: string): Node | undefined {
  return text === '' ? undefined : textNode(origin, text);
}

function isScalar(node: Node): node is ScalarNode {
  return node.kind === 'scalar';
}

function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function complain(
  place: Place,
  node: Node,
  code: string,
  message: string,
  severity: Diagnostic['severity'] = 'error',
  hint = '',
): void {
  place.diagnostics.push(diagnosticAt(node.origin, place.path, code, message, { severity, hint }));
}
