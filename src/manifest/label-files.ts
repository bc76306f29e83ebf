import { mapNode, textNode } from './build-node.ts';
import { parseDotenv } from './dotenv.ts';
import type { FileAccess } from './file-access.ts';
import { mapServices } from './map-services.ts';
import { member, type MapEntry, type MapNode, type Node, type ScalarNode } from './node.ts';
import { memberPath } from './path-table.ts';
import { unreadable } from './read-documents.ts';
import type { Report } from './report.ts';

interface Folder {
  readonly files: FileAccess;
  readonly folder: string;
  readonly report: Report;
}

/**
 * Replaces `label_file` by the labels in these files, under the labels that the service has itself. Each label stands
 * where it is written, be it in the file.
 */
export function applyLabelFiles(document: Node, from: Folder): Node {
  return mapServices(document, (service, path) => {
    const entry = service.entries.get('label_file');
    if (entry === undefined) return service;
    const labels = new Map<string, MapEntry>();
    const written = entry.node.kind === 'list' ? entry.node.items : [entry.node];
    for (const item of written) {
      if (item.kind === 'scalar') readLabels(from, item, memberPath(path, 'label_file'), labels);
    }
    return withLabels(service, entry, labels);
  });
}

function readLabels(
  { files, folder, report }: Folder,
  written: ScalarNode,
  path: string,
  labels: Map<string, MapEntry>,
): void {
  const state = files.readFrom(folder, String(written.value ?? ''));
  if (state.kind === 'needed') return;
  if (state.kind !== 'read') {
    report(unreadable(state, written.origin, path, 'label_file'));
    return;
  }
  const lookup = (name: string): string | undefined => {
    const known = labels.get(name)?.node;
    return known?.kind === 'scalar' ? known.source : undefined;
  };
  const { variables, diagnostics } = parseDotenv(state.path, state.bytes, lookup);
  for (const each of diagnostics) report(each);
  for (const [name, { value, origin }] of variables) {
    labels.set(name, { key: origin, node: textNode(origin, value) });
  }
}

function withLabels(
  service: MapNode,
  file: MapEntry,
  fromFiles: ReadonlyMap<string, MapEntry>,
): MapNode {
  const entries = new Map(service.entries);
  entries.delete('label_file');
  const own = member(service, 'labels');
  const all = new Map([...fromFiles, ...(own?.kind === 'map' ? own.entries : [])]);
  if (all.size === 0) return { ...service, entries };
  const { key } = service.entries.get('labels') ?? file;
  const origin = own?.kind === 'map' ? own.origin : file.node.origin;
  const labels = { ...mapNode(origin, []), entries: all };
  return { ...service, entries: entries.set('labels', { key, node: labels }) };
}
