import { validateCompose } from '../generated/validators.js';
import type { ApplicationSpec } from '../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { InstallationKey } from '../model/sealed.ts';
import { nameApplication } from './application-name.ts';
import { readProjectVariables } from './dotenv-file.ts';
import { createBudget } from './expansion-budget.ts';
import type { FileAccess } from './file-access.ts';
import type { ManifestSource } from './find.ts';
import { createMask } from './mask.ts';
import { readModel } from './model.ts';
import type { Node } from './node.ts';
import type { ParseCache } from './parse-cache.ts';
import { loadVariants } from './load-variants.ts';
import { overridesAt, takeOverrides } from './overrides.ts';
import { hookServices } from './pre-start.ts';
import { prepareSubject, type SubjectContext } from './prepare-subject.ts';
import { readDocuments } from './read-documents.ts';
import type { Reading } from './reading.ts';
import { startOf } from './report.ts';
import { resolveApplication } from './resolve/application.ts';
import { judgeOverrides, type FleetHosts } from './rules/overrides.ts';
import { rules } from './rules/rules.ts';
import { validateShape } from './shape.ts';
import type { LoadedApplication } from './loaded-application.ts';

interface LoadContext {
  readonly files: FileAccess;
  readonly cache: ParseCache;
  /** Secrets are sealed with it. */
  readonly key: InstallationKey;
  /** Those of the fleet; null: not known. */
  readonly hosts: FleetHosts | null;
}

/**
 * Loads one application through all stages, in Compose's order: each document is interpolated before it is merged, and
 * the shape is checked after merging and de-duplicating, because only then is it what the user means. The result means
 * nothing when `files` needs bytes afterwards.
 */
export function loadApplication(
  source: ManifestSource,
  fleetVariables: ReadonlyMap<string, string>,
  { files, cache, key, hosts }: LoadContext,
): LoadedApplication {
  const paths = [source.file, ...source.overrides];
  const yaml = paths.map((file) => readDocuments(files, cache, file));
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
    const diagnostics = readProblems;
    const nothing = { spec: null, isByHost: false, included: new Set<string>() };
    return { name, origin, ...nothing, files: files.found(), diagnostics };
  }
  const variables = new Map(project?.variables).set('COMPOSE_PROJECT_NAME', name);
  const reading: Reading = {
    files,
    cache,
    home: source.folder,
    budget: createBudget(),
    diagnostics: [],
    included: new Set(),
    broken: false,
  };
  const built = buildApplication({ name, source, variables, key, hosts }, reading);
  const diagnostics = [...readProblems, ...nameProblems, ...built.diagnostics];
  const found = files.found();
  const isWhole = built.spec !== null && !diagnostics.some(isError);
  const spec = isWhole ? { ...built.spec, files: found } : null;
  const isByHost = built.hasOverrides ?? false;
  return { name, origin, spec, isByHost, files: found, included: reading.included, diagnostics };
}

interface Built {
  readonly spec: Omit<ApplicationSpec, 'files'> | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly hasOverrides?: true;
}

interface Context extends SubjectContext {
  readonly hosts: FleetHosts | null;
}

function buildApplication(context: Context, reading: Reading): Built {
  const { source, variables } = context;
  const trail = [source.file, ...source.overrides];
  const model = readModel(reading, { paths: trail, folder: source.folder, variables, trail });
  if (reading.broken || reading.files.needed.size > 0) {
    return { spec: null, diagnostics: reading.diagnostics };
  }
  if (model === null) return { spec: null, diagnostics: [emptyManifest(source)] };
  return judgeModel(context, model, reading);
}

function judgeModel(
  context: Context,
  model: Node,
  { files, diagnostics: earlier }: Reading,
): Built {
  const { hosts: fleet, ...own } = context;
  const mask = createMask(earlier, validateShape(model, validateCompose));
  if (model.kind !== 'map') return { spec: null, diagnostics: mask.diagnostics };
  const { document, overrides } = takeOverrides(model);
  const { report } = mask;
  const { subject, hooks } = prepareSubject(own, document, { files, report });
  for (const rule of rules) rule(subject);
  const allowed = [...overrides].filter(([name]) => {
    const job =
      subject.jobs.has(name) || hookServices(name, subject.services.get(name)?.node).length > 0;
    return judgeOverrides(overridesAt(model, name, report), { job, fleet });
  });
  const varied = loadVariants({ ...own, files, fleet, earlier }, document, new Map(allowed));
  const spec = resolveApplication(subject, varied.variants);
  const diagnostics = withoutRepeats(mask.diagnostics, hooks);
  return {
    spec,
    diagnostics: [...diagnostics, ...varied.diagnostics],
    ...(overrides.size === 0 ? {} : { hasOverrides: true }),
  };
}

/** What a hook has from its service is judged there. */
function withoutRepeats(
  diagnostics: readonly Diagnostic[],
  hooks: ReadonlySet<string>,
): readonly Diagnostic[] {
  if (hooks.size === 0) return diagnostics;
  const isOfHook = ({ path }: Diagnostic): boolean => {
    const name = /^services\.(.*-pre-start-\d+)(?:\.|$)/.exec(path)?.[1];
    return name !== undefined && hooks.has(name);
  };
  const others = new Set(diagnostics.filter((each) => !isOfHook(each)).map(keyOf));
  return diagnostics.filter((each) => !isOfHook(each) || !others.has(keyOf(each)));
}

function keyOf({ file, line, column, code }: Diagnostic): string {
  return [file, line, column, code].join(' ');
}

function emptyManifest(source: ManifestSource): Diagnostic {
  return diagnosticAt(startOf(source.file), '', 'empty-manifest', 'the manifest is empty', {
    hint: 'Remove the file to remove the application, or add services:',
  });
}

function isError(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error';
}
