import { textNode } from './build-node.ts';
import { mapServices } from './map-services.ts';
import { member, type MapEntry, type MapNode, type Node, type ScalarNode } from './node.ts';

type Variables = ReadonlyMap<string, string>;

/**
 * Fills in what names a variable without `$`: a bare name in `environment` of a service, and `environment` of a config or
 * secret, which becomes its content. What is not set stays.
 */
export function fillVariables(document: Node, variables: Variables): Node {
  const filled = mapServices(document, (service) => {
    const environment = service.entries.get('environment');
    if (environment === undefined) return service;
    const node = fillEnvironment(environment.node, variables);
    if (node === environment.node) return service;
    return {
      ...service,
      entries: new Map(service.entries).set('environment', { ...environment, node }),
    };
  });
  return fillFiles(fillFiles(filled, 'configs', variables), 'secrets', variables);
}

function fillFiles(document: Node, kind: 'configs' | 'secrets', variables: Variables): Node {
  const files = document.kind === 'map' ? document.entries.get(kind) : undefined;
  if (document.kind !== 'map' || files?.node.kind !== 'map') return document;
  const node = mapValues(files.node, (file) =>
    file.kind === 'map' ? fillFile(file, variables) : file,
  );
  if (node === files.node) return document;
  return { ...document, entries: new Map(document.entries).set(kind, { ...files, node }) };
}

function fillEnvironment(node: Node, variables: Variables): Node {
  if (node.kind === 'list') {
    return { ...node, items: node.items.map((item) => fillPair(item, variables)) };
  }
  if (node.kind !== 'map') return node;
  return mapValues(node, (value, name) => {
    const found = isNull(value) ? variables.get(name) : undefined;
    return found === undefined ? value : textNode(value.origin, found);
  });
}

/** In a list, a name without a value has no `=`. */
function fillPair(item: Node, variables: Variables): Node {
  if (!isText(item) || item.value.includes('=')) return item;
  const found = variables.get(item.value);
  return found === undefined ? item : textNode(item.origin, `${item.value}=${found}`);
}

/** One that has another source, too, is left to the rule that refuses it. */
function fillFile(config: MapNode, variables: Variables): MapNode {
  const name = config.entries.get('environment');
  if (name === undefined || !isText(name.node)) return config;
  if (member(config, 'content') !== undefined || member(config, 'file') !== undefined)
    return config;
  const content = variables.get(name.node.value);
  if (content === undefined) return config;
  const entries = new Map(config.entries);
  entries.delete('environment');
  entries.set('content', { key: name.key, node: textNode(name.node.origin, content) });
  return { ...config, entries };
}

function mapValues(map: MapNode, change: (value: Node, key: string) => Node): MapNode {
  let entries: Map<string, MapEntry> | null = null;
  for (const [key, entry] of map.entries) {
    const node = change(entry.node, key);
    if (node === entry.node) continue;
    entries ??= new Map(map.entries);
    entries.set(key, { ...entry, node });
  }
  return entries === null ? map : { ...map, entries };
}

function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function isText(node: Node): node is ScalarNode & { readonly value: string } {
  return node.kind === 'scalar' && typeof node.value === 'string';
}
