import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';
import type { ManifestSource } from './find.ts';
import { expand } from './expand.ts';
import { member, type Node } from './node.ts';
import { startOf } from './report.ts';
import { parseProjectName } from './scalars/name.ts';

export interface ApplicationName {
  /** Empty when there is none. */
  readonly name: string;
  readonly origin: Origin;
  readonly diagnostics: readonly Diagnostic[];
}

/** The name of an application: the last `name:` of its documents, or what its file or folder is called. */
export function nameApplication(
  source: ManifestSource,
  documents: readonly Node[],
  variables: ReadonlyMap<string, string>,
): ApplicationName {
  const written = documents.map((document) => member(document, 'name')).findLast(isWritten);
  if (written === undefined) return fallbackName(source);
  const { origin } = written;
  const { value } = written.kind === 'scalar' ? written : { value: null };
  // Any other type, and a variable that is not set, is reported by the stage that finds it.
  if (typeof value !== 'string') return { name: source.fallbackName, origin, diagnostics: [] };
  const expanded = expand(value, (name) => variables.get(name));
  if (expanded.kind === 'error' || expanded.unset.length > 0) {
    return { name: source.fallbackName, origin, diagnostics: [] };
  }
  const name = parseProjectName(expanded.value);
  if (name.ok) return { name: name.value, origin, diagnostics: [] };
  return {
    name: source.fallbackName,
    origin,
    diagnostics: [diagnosticAt(origin, 'name', 'invalid-name', name.message)],
  };
}

function isWritten(node: Node | undefined): node is Node {
  return node !== undefined && !(node.kind === 'scalar' && node.value === null);
}

function fallbackName(source: ManifestSource): ApplicationName {
  const origin = startOf(source.file);
  if (source.fallbackName !== '') return { name: source.fallbackName, origin, diagnostics: [] };
  const message = `Cannot name the application of "${source.file}": neither its folder nor its file gives it a name`;
  const hint = 'Set name: at the top of the manifest';
  return {
    name: '',
    origin,
    diagnostics: [diagnosticAt(origin, 'name', 'missing-name', message, { hint })],
  };
}
