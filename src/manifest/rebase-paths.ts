import { join, normalize } from 'node:path/posix';

import type { MapEntry, Node, ScalarNode } from './node.ts';
import { member } from './node.ts';
import { below, pathTable, type PathTable } from './path-table.ts';

/** Writes a path of the repository anew, so that it starts somewhere else. */
type Move = (written: string) => string;
type Rule = (node: Node, move: Move) => Node;

const ofService: PathTable<Rule> = pathTable<Rule>([
  ['env_file', eachItem(moveItem('path'))],
  ['label_file', eachItem(moveText)],
  ['volumes', eachItem(moveVolume)],
]);

const rules: PathTable<Rule> = pathTable<Rule>([
  ...[...ofService.children].flatMap(([key, { rule }]) =>
    rule === undefined ? [] : [[`services.*.${key}`, rule] as const],
  ),
  ['services.*.x-fleetwright.overrides', eachItem((node, move) => visit(node, ofService, move))],
  ['configs.*.file', moveText],
  ['secrets.*.file', moveText],
  ['volumes.*.driver_opts', moveDevice],
]);

/**
 * Makes the paths in a Compose file that is read from `folder` relative to `home`, so that a service may come from
 * anywhere in the repository. Absolute paths and those below `~` belong to the host and stay.
 */
export function rebasePaths(node: Node, folder: string, home: string): Node {
  if (folder === home) return node;
  return visit(node, rules, (written) => rebasePath(written, folder, home));
}

/** The path that means from `home` what `written` means from `folder`; it starts with a dot, as a bind mount's must. */
export function rebasePath(written: string, folder: string, home: string): string {
  if (written === '' || written.startsWith('/') || written.startsWith('~')) return written;
  const target = normalize(join(folder, written)).replace(/\/$/, '').split('/');
  const start = home === '' ? [] : home.split('/');
  const shared = start.findIndex((part, index) => part !== target[index]);
  const common = shared === -1 ? start.length : shared;
  const up = start.slice(common).map(() => '..');
  const parts = [...(up.length === 0 ? ['.'] : up), ...target.slice(common)];
  return parts.filter((part, index) => index === 0 || part !== '.').join('/');
}

function visit(node: Node, table: PathTable<Rule> | undefined, move: Move): Node {
  if (table === undefined) return node;
  if (table.rule !== undefined) return table.rule(node, move);
  if (node.kind !== 'map') return node;
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) {
    entries.set(key, { ...entry, node: visit(entry.node, below(table, key), move) });
  }
  return { ...node, entries };
}

/** For a value that may stand alone or in a list. */
function eachItem(rule: Rule): Rule {
  return (node, move) =>
    node.kind === 'list'
      ? { ...node, items: node.items.map((item) => rule(item, move)) }
      : rule(node, move);
}

function moveText(node: Node, move: Move): Node {
  return isText(node) ? withText(node, move(node.value)) : node;
}

/** A short form that is the path itself, or a long form that holds it. */
function moveItem(key: string): Rule {
  return (node, move) => (node.kind === 'map' ? moveMember(node, key, move) : moveText(node, move));
}

function moveMember(node: Node, key: string, move: Move): Node {
  if (node.kind !== 'map') return node;
  const entry = node.entries.get(key);
  if (entry === undefined) return node;
  const entries = new Map(node.entries).set(key, { ...entry, node: moveText(entry.node, move) });
  return { ...node, entries };
}

/** In the short form a source that starts with a dot is a path; any other is a volume or belongs to the host. */
function moveVolume(node: Node, move: Move): Node {
  if (isText(node)) {
    return withText(node, node.value.replace(/^\.[^:]*(?=:)/, move));
  }
  const type = member(node, 'type');
  return type?.kind === 'scalar' && type.value === 'bind' ? moveMember(node, 'source', move) : node;
}

/** A volume of the local driver that is a folder. */
function moveDevice(node: Node, move: Move): Node {
  const options = member(node, 'o');
  const isBind = options?.kind === 'scalar' && String(options.value).split(',').includes('bind');
  return isBind ? moveMember(node, 'device', move) : node;
}

function isText(node: Node): node is ScalarNode & { readonly value: string } {
  return node.kind === 'scalar' && typeof node.value === 'string';
}

function withText(node: ScalarNode, text: string): ScalarNode {
  return { ...node, value: text, source: text };
}
