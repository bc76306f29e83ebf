import type { ApplicationSpec } from '../model/application.ts';
import { compareDiagnostics, diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import { digestOf } from '../model/digest.ts';
import { createFileAccess } from './file-access.ts';
import { findManifests, type ManifestSource } from './find.ts';
import { loadApplication } from './load-application.ts';
import type { LoadedApplication } from './loaded-application.ts';
import { loadFleet } from './load-fleet.ts';
import { splitParts } from './included-parts.ts';
import type { ManifestInput, ManifestResult } from './manifest.ts';
import { keepApplication, recallApplication, type ParseCache } from './parse-cache.ts';
import { formatPlace } from './report.ts';
import { judgeApplications } from './rules/applications.ts';

export type { ParseCache } from './parse-cache.ts';

/**
 * Loads `fleet.yaml` and every application below the followed path. It reads nothing itself: as long as it lacks files
 * it says which, and is called again with more contents. All problems are reported at once, in a stable order, and only
 * applications without an error are given.
 */
export function loadManifests(input: ManifestInput, cache: ParseCache): ManifestResult {
  const needed = new Set<string>();
  const files = createFileAccess(input);
  const fleet = loadFleet(input, files, cache);
  for (const path of files.needed) needed.add(path);
  const fleetIsKnown = needed.size === 0;
  const found = findManifests(input);
  const variablesDigest = digestOf(Object.fromEntries(fleet.variables));

  const load = (source: ManifestSource): LoadedApplication | null => {
    const kept = recallApplication(cache, input, source.file, source.overrides);
    if (kept !== null && (kept.variablesDigest === variablesDigest || !fleetIsKnown)) {
      return kept.application;
    }
    const ownFiles = createFileAccess(input);
    const application = loadApplication(source, ownFiles, fleet.variables, cache);
    for (const path of ownFiles.needed) needed.add(path);
    if (ownFiles.needed.size > 0 || !fleetIsKnown) return null;
    if (application.spec !== null) {
      const { overrides, file } = source;
      const entry = { overrides, asked: ownFiles.asked, variablesDigest, application };
      keepApplication(cache, file, entry);
    }
    return application;
  };

  const loaded = found.sources.flatMap((source) => {
    const application = load(source);
    return application === null ? [] : [{ source, application }];
  });
  if (needed.size > 0) return { kind: 'needs', paths: [...needed].toSorted() };
  const { applications, diagnostics: partProblems } = splitParts(loaded);
  const clashes = findNameClashes(applications);
  const names = [...new Set(applications.map(({ name }) => name))].filter(Boolean).toSorted();
  const valid = validApplications(applications, clashes);
  const problems = judgeApplications({
    applications: new Map(valid.map((application) => [application.name, application])),
    found: names,
    // A folder without the file that names the fleet is a part of a repository, and so is a single manifest.
    partial: input.only !== undefined || (!fleet.isFound && !input.fleetRequired),
  });
  return {
    kind: 'loaded',
    fleet: fleet.spec,
    applications: valid.filter(({ name }) => !problems.has(name)),
    found: names,
    files: filesByName(applications),
    diagnostics: sortDiagnostics([
      ...fleet.diagnostics,
      ...found.diagnostics,
      ...partProblems,
      ...applications.flatMap(({ diagnostics }) => diagnostics),
      ...clashes.flatMap(describeClash),
      ...[...problems.values()].flat(),
    ]),
  };
}

/** Manifests that share a name are one application to the reader, until they are told apart. */
function filesByName(
  applications: readonly LoadedApplication[],
): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, readonly string[]>();
  for (const { name, files } of applications) {
    if (name === '') continue;
    byName.set(name, [...new Set([...(byName.get(name) ?? []), ...files])].toSorted());
  }
  return byName;
}

/** Groups of applications that share one name. */
function findNameClashes(
  applications: readonly LoadedApplication[],
): readonly (readonly LoadedApplication[])[] {
  const byName = new Map<string, LoadedApplication[]>();
  for (const application of applications) {
    const group = byName.get(application.name);
    if (group === undefined) byName.set(application.name, [application]);
    else group.push(application);
  }
  return [...byName]
    .filter(([name, group]) => name !== '' && group.length > 1)
    .map(([, group]) => group);
}

function describeClash(group: readonly LoadedApplication[]): readonly Diagnostic[] {
  return group.map(({ name, origin }) => {
    const others = group.filter((other) => other.origin !== origin);
    const places = others.map((other) => formatPlace(other.origin)).join(', ');
    return diagnosticAt(
      origin,
      'name',
      'duplicate-application',
      `several applications are named "${name}"; also ${places}`,
      { hint: 'Give each a name: of its own' },
    );
  });
}

function validApplications(
  applications: readonly LoadedApplication[],
  clashes: readonly (readonly LoadedApplication[])[],
): readonly ApplicationSpec[] {
  const ambiguous = new Set(clashes.flat());
  return applications
    .filter((application) => !ambiguous.has(application))
    .flatMap(({ spec }) => spec ?? [])
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Sorted; what several uses of one anchor say about the same place is said once. */
function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const sorted = diagnostics.toSorted(compareDiagnostics);
  return sorted.filter((each, index) => {
    const previous = sorted[index - 1];
    return previous === undefined || compareDiagnostics(previous, each) !== 0;
  });
}
