import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';

import { castScalar, type CastTable } from './cast.ts';
import { expand, type Lookup } from './expand.ts';
import type { MapEntry, Node, ScalarNode } from './node.ts';
import { below, memberPath } from './path-table.ts';
import { suggest } from './suggest.ts';

export { composeCasts, type Cast, type CastTable } from './cast.ts';
export { expand, type Expanded, type Lookup } from './expand.ts';

interface Run {
  readonly variables: ReadonlyMap<string, string>;
  readonly lookup: Lookup;
  readonly diagnostics: Map<string, Diagnostic>;
}

/**
 * Replaces variables in all values (not in keys) and gives texts the types that their paths ask for. Only declared
 * variables are known. A variable without a value and without a default is an error, unlike in Compose: an empty text
 * where a version or a password should be is found out too late.
 */
export function interpolate(
  node: Node,
  variables: ReadonlyMap<string, string>,
  casts: CastTable,
): { readonly node: Node; readonly diagnostics: readonly Diagnostic[] } {
  const run: Run = { variables, lookup: (name) => variables.get(name), diagnostics: new Map() };
  return { node: visit(run, node, casts, ''), diagnostics: [...run.diagnostics.values()] };
}

/** Gives back the same node when nothing in it changed. */
function visit(run: Run, node: Node, casts: CastTable | undefined, path: string): Node {
  switch (node.kind) {
    case 'scalar':
      return visitScalar(run, node, casts, path);
    case 'list': {
      const items = node.items.map((item, index) =>
        visit(run, item, below(casts, index), memberPath(path, index)),
      );
      return items.every((item, index) => item === node.items[index]) ? node : { ...node, items };
    }
    case 'map': {
      let entries: Map<string, MapEntry> | null = null;
      for (const [key, entry] of node.entries) {
        const value = visit(run, entry.node, below(casts, key), memberPath(path, key));
        if (value === entry.node) continue;
        entries ??= new Map(node.entries);
        entries.set(key, { key: entry.key, node: value });
      }
      return entries === null ? node : { ...node, entries };
    }
  }
}

function visitScalar(
  run: Run,
  node: ScalarNode,
  casts: CastTable | undefined,
  path: string,
): ScalarNode {
  const expanded = expandScalar(run, node, path);
  if (casts?.rule === undefined) return expanded;
  const cast = castScalar(expanded, casts.rule, path);
  if (cast.diagnostic !== null) report(run, '', cast.diagnostic);
  return cast.node;
}

function expandScalar(run: Run, node: ScalarNode, path: string): ScalarNode {
  if (typeof node.value !== 'string' || !node.value.includes('$')) return node;
  const expanded = expand(node.value, run.lookup);
  if (expanded.kind === 'error') {
    report(run, '', diagnosticAt(node.origin, path, expanded.code, expanded.message));
    return node;
  }
  for (const name of expanded.unset) report(run, name, undefinedVariable(run, node, path, name));
  return { ...node, value: expanded.value, source: expanded.value };
}

function undefinedVariable(run: Run, node: ScalarNode, path: string, name: string): Diagnostic {
  const meant = suggest(name, run.variables.keys());
  const suggestion = meant === undefined ? '' : ` (did you mean "${meant}"?)`;
  return diagnosticAt(
    node.origin,
    path,
    'undefined-variable',
    `Cannot interpolate "${path}": the variable "${name}" is not set${suggestion}`,
    {
      hint: `Set ${name} under variables: in fleet.yaml or in the .env file beside the manifest, or write \${${name}:-} if it may be empty`,
    },
  );
}

/** Keeps the first complaint of its kind about one place, for an anchor is expanded at each use. */
function report(run: Run, subject: string, diagnostic: Diagnostic): void {
  const { file, line, column, code } = diagnostic;
  const key = `${file}:${line}:${column}:${code}:${subject}`;
  if (!run.diagnostics.has(key)) run.diagnostics.set(key, diagnostic);
}
