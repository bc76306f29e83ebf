import { validateFleet } from '../generated/validators.js';
import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { FleetSpec } from '../model/fleet.ts';
import { cursorAt } from './cursor.ts';
import { createMask } from './mask.ts';
import type { FileAccess } from './file-access.ts';
import type { ManifestInput } from './manifest.ts';
import type { ParseCache } from './parse-cache.ts';
import { readDocuments } from './read-documents.ts';
import { startOf } from './report.ts';
import { resolveFleet, resolveVariables } from './resolve/fleet.ts';
import { fleetRules } from './rules/fleet.ts';
import { validateShape } from './shape.ts';

export interface LoadedFleet {
  /** Whether there is one, be it invalid. */
  readonly isFound: boolean;
  /** Null when there is none, or when it is invalid. */
  readonly spec: FleetSpec | null;
  /** As far as they can be read, also from an invalid file: so that manifests are not blamed for it. */
  readonly variables: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

const names = ['fleet.yaml', 'fleet.yml'];

/** Loads the file that names the hosts. The result means nothing when `files` needs its bytes afterwards. */
export function loadFleet(input: ManifestInput, files: FileAccess, cache: ParseCache): LoadedFleet {
  const paths = names.map((name) => (input.root === '' ? name : `${input.root}/${name}`));
  const [path, second] = paths.filter((each) => input.entries.has(each));
  if (path === undefined) {
    const missing = missingFleet(paths[0] ?? '');
    const diagnostics = input.fleetRequired ? [missing] : [];
    return { isFound: false, spec: null, variables: new Map(), diagnostics };
  }
  const loaded = loadFleetFile(path, files, cache);
  const unused = second === undefined ? [] : [unusedFleet(second)];
  return { ...loaded, isFound: true, diagnostics: [...loaded.diagnostics, ...unused] };
}

function loadFleetFile(
  path: string,
  files: FileAccess,
  cache: ParseCache,
): Omit<LoadedFleet, 'isFound'> {
  const yaml = readDocuments(files, cache, path) ?? { documents: [], diagnostics: [] };
  const [document, ...others] = yaml.documents;
  const problems = [...yaml.diagnostics];
  if (others.length > 0) problems.push(severalDocuments(path));
  if (document === undefined) {
    const empty = diagnosticAt(startOf(path), '', 'empty-manifest', `"${path}" is empty`);
    const silent = problems.length > 0 || files.needed.size > 0;
    return { spec: null, variables: new Map(), diagnostics: silent ? problems : [empty] };
  }
  const mask = createMask(problems, validateShape(document, validateFleet));
  const root = cursorAt(document, mask.report);
  for (const rule of fleetRules) rule(root);
  const spec = resolveFleet(root);
  const valid = mask.diagnostics.every(({ severity }) => severity !== 'error');
  return {
    spec: valid ? spec : null,
    variables: resolveVariables(root),
    diagnostics: mask.diagnostics,
  };
}

function missingFleet(path: string): Diagnostic {
  return diagnosticAt(
    startOf(path),
    '',
    'missing-fleet',
    `Cannot deploy: there is no "${path}" in the commit`,
    { hint: 'Add a fleet.yaml that names the fleet and its hosts at the followed path' },
  );
}

function unusedFleet(path: string): Diagnostic {
  const message = `"${path}" is not read, because fleet.yaml stands beside it`;
  return diagnosticAt(startOf(path), '', 'unused-manifest', message, { severity: 'warning' });
}

function severalDocuments(path: string): Diagnostic {
  return diagnosticAt(
    startOf(path),
    '',
    'several-documents',
    `"${path}" holds several YAML documents, and only one is expected`,
    { hint: 'Remove the --- lines' },
  );
}
