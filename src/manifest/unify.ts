import type { ListNode, MapEntry, MapNode, Node } from './node.ts';
import { member } from './node.ts';
import { below, pathTable, type PathTable } from './path-table.ts';
import { formatScalar } from './scalars/format-scalar.ts';
import { parsePort } from './scalars/port.ts';
import { cleanPath, parseVolume } from './scalars/volume.ts';

/** What makes two items of a list the same thing; undefined: the item is like no other. */
type Identity = (item: Node) => string | undefined;

const identities: PathTable<Identity> = pathTable<Identity>([
  ...[
    'annotations',
    'build.additional_contexts',
    'build.args',
    'build.labels',
    'build.platform',
    'build.tags',
    'cap_add',
    'cap_drop',
    'deploy.labels',
    'dns',
    'dns_opt',
    'dns_search',
    'environment',
    'labels',
    'links',
    'networks.*.aliases',
    'networks.*.link_local_ips',
    'profiles',
    'sysctls',
    'tmpfs',
  ].map((path) => [`services.*.${path}`, byKey] as const),
  ['networks.*.labels', byKey],
  ['volumes.*.labels', byKey],
  ['services.*.expose', byText],
  ['services.*.ports', byPort],
  ['services.*.volumes', byTarget],
  ['services.*.devices', byTarget],
  ['services.*.env_file', byPath],
  ['x-fleetwright.dependsOn', (item) => byText(item) ?? byText(member(item, 'application'))],
  ['services.*.configs', (item) => byMount(item, '')],
  ['services.*.secrets', (item) => byMount(item, '/run/secrets')],
  ['services.*.x-fleetwright.overrides', asWritten],
]);

/**
 * Keeps one of the items that mean the same thing, such as two values of one variable: the last one, at the place in
 * the list of the first. Also drops what is still marked `!reset`, for which there was nothing to remove. Gives back
 * the same node when nothing in it changed.
 */
export function unify(node: Node): Node {
  return visit(node, identities);
}

function visit(node: Node, table: PathTable<Identity> | undefined): Node {
  // They are merged over the service later, and what they mark holds there.
  if (table?.rule === asWritten) return node;
  if (node.kind === 'map') return visitMap(node, table);
  return node.kind === 'list' ? visitList(node, table) : node;
}

function visitMap(node: MapNode, table: PathTable<Identity> | undefined): MapNode {
  let changed: Map<string, MapEntry> | null = null;
  for (const [key, entry] of node.entries) {
    const value = visit(entry.node, below(table, key));
    if (value === entry.node && value.tag !== 'reset') continue;
    changed ??= new Map(node.entries);
    if (value.tag === 'reset') changed.delete(key);
    else changed.set(key, { key: entry.key, node: value });
  }
  return changed === null ? node : { ...node, entries: changed };
}

function visitList(node: ListNode, table: PathTable<Identity> | undefined): ListNode {
  const items = node.items.map((item, index) => visit(item, below(table, index)));
  const unique = table?.rule === undefined ? items : lastOfEach(items, table.rule);
  const same =
    unique.length === node.items.length && unique.every((item, i) => item === node.items[i]);
  return same ? node : { ...node, items: unique };
}

function lastOfEach(items: readonly Node[], identity: Identity): readonly Node[] {
  const unique = new Map<string, Node>();
  for (const [index, item] of items.entries()) {
    const key = identity(item);
    unique.set(key === undefined ? `#${index}` : `=${key}`, item);
  }
  return [...unique.values()];
}

function asWritten(): undefined {
  return undefined;
}

function byText(item: Node | undefined): string | undefined {
  return item?.kind === 'scalar' ? formatScalar(item) : undefined;
}

function byKey(item: Node): string | undefined {
  return byText(item)?.replace(/=.*$/s, '');
}

function byPath(item: Node): string | undefined {
  return byText(item) ?? byText(member(item, 'path'));
}

/** A short volume, a device, or a long volume. What cannot be read is complained about elsewhere. */
function byTarget(item: Node): string | undefined {
  const short = byText(item);
  if (short === undefined) return targetOf(item);
  const volume = parseVolume(short);
  return volume.ok ? volume.value.target : undefined;
}

function targetOf(item: Node): string | undefined {
  const target = byText(member(item, 'target'));
  return target === undefined ? undefined : cleanPath(target);
}

function byMount(item: Node, folder: string): string | undefined {
  const target = targetOf(item);
  if (target !== undefined) return target.startsWith('/') ? target : `${folder}/${target}`;
  const source = byText(item) ?? byText(member(item, 'source'));
  return source === undefined ? undefined : `${folder}/${source}`;
}

function byPort(item: Node): string | undefined {
  const short = byText(item);
  if (short === undefined) return longPort(item);
  const ports = parsePort(short);
  if (!ports.ok) return undefined;
  return ports.value
    .map((port) => portKey(port.hostIp, port.published, String(port.target), port.protocol))
    .join(' ');
}

function longPort(item: Node): string | undefined {
  const [hostIp, published, target, protocol] = ['host_ip', 'published', 'target', 'protocol'].map(
    (key) => byText(member(item, key)) ?? '',
  );
  if (target === undefined || target === '') return undefined;
  return portKey(hostIp ?? '', published ?? '', target, protocol === '' ? 'tcp' : (protocol ?? ''));
}

/** All addresses of the host, written or not, are the same. */
function portKey(hostIp: string, published: string, target: string, protocol: string): string {
  return `${hostIp === '0.0.0.0' ? '' : hostIp}:${published}:${target}/${protocol.toLowerCase()}`;
}
