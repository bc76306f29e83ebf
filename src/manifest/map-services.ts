import type { MapEntry, MapNode, Node } from './node.ts';
import { memberPath } from './path-table.ts';

/** The document with each of its services replaced; the same one when none has changed. */
export function mapServices(
  document: Node,
  change: (service: MapNode, path: string, name: string) => MapNode,
): Node {
  const services = document.kind === 'map' ? document.entries.get('services') : undefined;
  if (document.kind !== 'map' || services?.node.kind !== 'map') return document;
  let changed = false;
  const entries = new Map<string, MapEntry>();
  for (const [name, { key, node }] of services.node.entries) {
    const next = node.kind === 'map' ? change(node, memberPath('services', name), name) : node;
    changed ||= next !== node;
    entries.set(name, { key, node: next });
  }
  if (!changed) return document;
  const all = { ...services, node: { ...services.node, entries } };
  return { ...document, entries: new Map(document.entries).set('services', all) };
}
