import type { HostSelector, SelectedHost } from '../model/host-selector.ts';
import { selects } from '../model/host-selector.ts';
import { mapNode } from './build-node.ts';
import { cursorAt, child, type Cursor } from './cursor.ts';
import { mapServices } from './map-services.ts';
import { mergeNodes } from './merge.ts';
import { member, type MapNode, type Node } from './node.ts';
import { resolveHostSelector } from './resolve/host-selector.ts';
import type { Report } from './report.ts';
import { unify } from './unify.ts';
import type { Diagnostic } from '../model/diagnostic.ts';

const extension = 'x-fleetwright';
const key = 'overrides';

/** What a service is on some hosts, merged over what it is elsewhere. */
export interface Override {
  readonly selector: HostSelector;
  /** The keys of the service. */
  readonly node: MapNode;
}

/** A document without the overrides of its services, and these by service. */
export interface TakenOverrides {
  readonly document: Node;
  readonly overrides: ReadonlyMap<string, readonly Override[]>;
}

/** The same document when there are none. */
export function takeOverrides(model: Node): TakenOverrides {
  const overrides = new Map<string, readonly Override[]>();
  const document = mapServices(model, (service, _, name) => {
    const own = service.entries.get(extension);
    const written = member(own?.node, key);
    if (own?.node.kind !== 'map' || written === undefined) return service;
    if (written.kind === 'list') overrides.set(name, written.items.flatMap(readOverride));
    const node = without(own.node, key);
    return { ...service, entries: new Map(service.entries).set(extension, { ...own, node }) };
  });
  return { document, overrides };
}

function readOverride(node: Node): readonly Override[] {
  if (node.kind !== 'map') return [];
  const selector = resolveHostSelector(
    child(
      cursorAt(node, () => {}),
      'hosts',
    ),
  );
  return [{ selector, node: without(node, 'hosts') }];
}

function without(map: MapNode, name: string): MapNode {
  const entries = new Map(map.entries);
  entries.delete(name);
  return { ...map, entries };
}

/** Overrides that hold together, by their places in the list, and the hosts where they do. */
export interface Combination {
  readonly overrides: readonly number[];
  /** Empty: no host has it, and it is only judged. */
  readonly hosts: readonly SelectedHost['name'][];
}

/** Every combination that some host has, and each override that none has. */
export function combinationsOf(
  overrides: readonly Override[],
  hosts: readonly SelectedHost[],
): readonly Combination[] {
  const found = new Map<string, { overrides: readonly number[]; hosts: SelectedHost['name'][] }>();
  const idle = new Set(overrides.keys());
  for (const host of hosts) {
    const matched = [...overrides.keys()].filter((at) => matches(overrides[at], host));
    if (matched.length === 0) continue;
    for (const at of matched) idle.delete(at);
    const known = found.get(matched.join(' '));
    if (known === undefined)
      found.set(matched.join(' '), { overrides: matched, hosts: [host.name] });
    else known.hosts.push(host.name);
  }
  return [...found.values(), ...[...idle].map((at) => ({ overrides: [at], hosts: [] }))];
}

function matches(override: Override | undefined, host: SelectedHost): boolean {
  return override !== undefined && selects(override.selector, host);
}

/** The document with these overrides of a service merged over it, in their order, as further files would be. */
export function withOverrides(
  document: Node,
  service: string,
  overrides: readonly Override[],
): { readonly node: Node; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const merged = overrides.reduce((base, { node: own }) => {
    const { origin } = own;
    const file = mapNode(origin, [['services', mapNode(origin, [[service, own]])]]);
    const { node, diagnostics: found } = mergeNodes(base, file);
    diagnostics.push(...found);
    return node;
  }, document);
  return { node: unify(merged), diagnostics };
}

/** Where a service says its overrides. */
export function overridesAt(root: Node, service: string, report: Report): Cursor {
  return child(cursorAt(root, report), 'services', service, extension, key);
}
