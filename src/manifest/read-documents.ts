import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';
import type { FileAccess, FileState } from './file-access.ts';
import { keepDocuments, recallDocuments, type ParseCache } from './parse-cache.ts';
import { parseYaml, type ParsedYaml } from './parse-yaml.ts';
import { startOf } from './report.ts';

/** The YAML documents of a file, or null as long as its bytes are needed. A file that cannot be read is a diagnostic. */
export function readDocuments(
  files: FileAccess,
  cache: ParseCache,
  path: string,
): ParsedYaml | null {
  const state = files.peek(path);
  const oid = state.kind === 'needed' || state.kind === 'read' ? state.oid : '';
  const known = recallDocuments(cache, path, oid);
  if (known !== null) return known;
  if (state.kind === 'needed') {
    files.read(path);
    return null;
  }
  if (state.kind !== 'read') {
    return { documents: [], diagnostics: [unreadable(state, startOf(path), '', 'manifest')] };
  }
  const yaml = parseYaml(path, state.bytes);
  keepDocuments(cache, path, oid, yaml);
  return yaml;
}

/** The complaint about a file that is not there or must not be read; `what` is what it is needed as. */
export function unreadable(
  state: Exclude<FileState, { readonly kind: 'read' | 'needed' }>,
  origin: Origin,
  path: string,
  what: string,
): Diagnostic {
  if (state.kind === 'refused') {
    const { code, reason, hint } = state.refusal;
    return diagnosticAt(origin, path, code, `Cannot read ${what} "${state.path}": ${reason}`, {
      hint,
    });
  }
  return diagnosticAt(
    origin,
    path,
    'file-not-found',
    `Cannot read ${what} "${state.path}": there is no such file in the commit${state.suggestion()}`,
    { hint: 'Paths are relative to the manifest; only what is committed is read' },
  );
}
