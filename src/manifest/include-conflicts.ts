import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';
import { mapNode } from './build-node.ts';
import { toPlain, type MapEntry, type MapNode, type Node } from './node.ts';
import { memberPath } from './path-table.ts';
import { formatPlace } from './report.ts';

/** What one entry of `include` gives. */
export interface IncludedModel {
  readonly node: MapNode;
  /** Where it is included. */
  readonly origin: Origin;
  readonly path: string;
}

/**
 * Puts together what several files give that one document includes. One definition that comes by several ways counts
 * once. Two definitions of one thing are a conflict, for neither file knows of the other and the order of `include` is
 * no priority; the including document settles it by `!override`.
 */
export function joinIncludes(
  models: readonly IncludedModel[],
  own: MapNode,
): { readonly node: MapNode; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const joined = new Map<string, MapEntry>();
  for (const model of models) {
    for (const [kind, entry] of model.node.entries) {
      const earlier = joined.get(kind);
      if (earlier?.node.kind !== 'map' || entry.node.kind !== 'map') {
        joined.set(kind, entry);
        continue;
      }
      const entries = new Map(earlier.node.entries);
      for (const [name, each] of entry.node.entries) {
        const first = entries.get(name);
        if (first === undefined) entries.set(name, each);
        else if (!isSame(first, each) && !isSettled(own, kind, name)) {
          diagnostics.push(conflict(model, memberPath(kind, name), each, first));
        }
      }
      joined.set(kind, { ...earlier, node: { ...earlier.node, entries } });
    }
  }
  const node = { ...mapNode(own.origin, []), entries: joined };
  return { node, diagnostics };
}

function isSame(a: MapEntry, b: MapEntry): boolean {
  return formatPlace(a.key) === formatPlace(b.key) || sameValue(a.node, b.node);
}

function sameValue(a: Node, b: Node): boolean {
  return JSON.stringify(toPlain(a)) === JSON.stringify(toPlain(b));
}

function isSettled(own: MapNode, kind: string, name: string): boolean {
  const declared = own.entries.get(kind)?.node;
  const tag = declared?.kind === 'map' ? declared.entries.get(name)?.node.tag : undefined;
  return tag !== undefined;
}

function conflict(
  model: IncludedModel,
  path: string,
  second: MapEntry,
  first: MapEntry,
): Diagnostic {
  const places = `${formatPlace(first.key)} and at ${formatPlace(second.key)}`;
  const message = `Cannot include this: "${path}" is defined differently at ${places}`;
  const hint = 'Rename one of the two, or define it with !override in the file that includes both';
  return diagnosticAt(model.origin, model.path, 'include-conflict', message, { hint });
}
