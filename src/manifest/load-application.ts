import { validateCompose } from '../generated/validators.js';
import type { ApplicationSpec } from '../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';
import { nameApplication } from './application-name.ts';
import { canonicalise } from './canonical.ts';
import { cursorAt } from './cursor.ts';
import { readProjectVariables } from './dotenv-file.ts';
import type { FileAccess } from './file-access.ts';
import type { ManifestSource } from './find.ts';
import { composeCasts, interpolate } from './interpolate.ts';
import { mergeNodes } from './merge.ts';
import type { Node } from './node.ts';
import { createMask } from './mask.ts';
import { findReplacedMounts } from './replaced-mounts.ts';
import type { ParseCache } from './parse-cache.ts';
import { readDocuments } from './read-documents.ts';
import { startOf } from './report.ts';
import { resolveApplication } from './resolve/application.ts';
import { rules } from './rules/rules.ts';
import { validateShape } from './shape.ts';
import { createSubject } from './subject.ts';
import { unify } from './unify.ts';

export interface LoadedApplication {
  /** Empty when it has none. */
  readonly name: string;
  /** Where the name comes from. */
  readonly origin: Origin;
  /** Null when there is an error. */
  readonly spec: ApplicationSpec | null;
  /** Files that it was read from, as far as they could be read; sorted. */
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What a stage gives: its result, and what it complains about. */
interface Staged {
  readonly node: Node;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Loads one application through all stages, in Compose's order: each document is interpolated before it is merged, and
 * the shape is checked after merging and de-duplicating, because only then is it what the user means. The result means
 * nothing when `files` needs bytes afterwards.
 */
export function loadApplication(
  source: ManifestSource,
  files: FileAccess,
  fleetVariables: ReadonlyMap<string, string>,
  cache: ParseCache,
): LoadedApplication {
  const yaml = [source.file, ...source.overrides].map((file) => readDocuments(files, cache, file));
  const project = readProjectVariables(files, source.folder, fleetVariables);
  const documents = yaml.flatMap((each) => each?.documents ?? []);
  const {
    name,
    origin,
    diagnostics: nameProblems,
  } = nameApplication(source, documents, project?.variables ?? fleetVariables);
  const readProblems = [...yaml, project].flatMap((each) => each?.diagnostics ?? []);
  // A file that cannot be read may well hold a name, so a missing one is not reported then.
  if (files.needed.size > 0 || readProblems.some(isError)) {
    return { name, origin, spec: null, files: files.found(), diagnostics: readProblems };
  }
  const variables = new Map(project?.variables).set('COMPOSE_PROJECT_NAME', name);
  const built = buildApplication(source, name, documents, variables, files);
  const diagnostics = [...readProblems, ...nameProblems, ...built.diagnostics];
  const found = files.found();
  const isWhole = built.spec !== null && !diagnostics.some(isError);
  const spec = isWhole ? { ...built.spec, files: found } : null;
  return { name, origin, spec, files: found, diagnostics };
}

function buildApplication(
  source: ManifestSource,
  name: string,
  documents: readonly Node[],
  variables: ReadonlyMap<string, string>,
  files: FileAccess,
): {
  readonly spec: Omit<ApplicationSpec, 'files'> | null;
  readonly diagnostics: readonly Diagnostic[];
} {
  const merged = mergeDocuments(documents, variables);
  if (merged === null) return { spec: null, diagnostics: [emptyManifest(source)] };
  const shapeProblems = validateShape(merged.node, validateCompose);
  const mask = createMask(merged.diagnostics, shapeProblems);
  if (merged.node.kind !== 'map') return { spec: null, diagnostics: mask.diagnostics };
  const canonical = canonicalise(merged.node);
  for (const diagnostic of canonical.diagnostics) mask.report(diagnostic);
  const root = cursorAt(unify(canonical.node), mask.report);
  const subject = createSubject(root, { name, source, variables, files });
  for (const rule of rules) rule(subject);
  const spec = resolveApplication(subject);
  return { spec, diagnostics: mask.diagnostics };
}

/** Interpolates each document and merges it over those before it; null when there is none. */
function mergeDocuments(
  documents: readonly Node[],
  variables: ReadonlyMap<string, string>,
): Staged | null {
  const [first, ...others] = documents.map((document) =>
    interpolate(document, variables, composeCasts),
  );
  if (first === undefined) return null;
  const merged = others.reduce<Staged>((base, override) => {
    const { node, diagnostics } = mergeNodes(base.node, override.node);
    return { node, diagnostics: [...base.diagnostics, ...override.diagnostics, ...diagnostics] };
  }, first);
  const diagnostics = [...merged.diagnostics, ...findReplacedMounts(merged.node)];
  return { node: unify(merged.node), diagnostics };
}

function emptyManifest(source: ManifestSource): Diagnostic {
  return diagnosticAt(startOf(source.file), '', 'empty-manifest', 'the manifest is empty', {
    hint: 'Remove the file to remove the application, or add services:',
  });
}

function isError(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error';
}
