import type { ApplicationSpec } from '../model/application.ts';
import { compareDiagnostics, diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import { digestOf } from '../model/digest.ts';
import { present } from '../model/present.ts';
import { createFileAccess } from './file-access.ts';
import { indexFolders } from './folder-index.ts';
import { findManifests, type FoundManifests, type ManifestSource } from './find.ts';
import type { LoadedApplication } from './loaded-application.ts';
import { loadFleet, type LoadedFleet } from './load-fleet.ts';
import { isNew, loadSource, type FleetFacts, type SourceContext } from './load-source.ts';
import { splitParts } from './included-parts.ts';
import type { ManifestInput, ManifestResult } from './manifest.ts';
import type { ParseCache } from './parse-cache.ts';
import { formatPlace } from './report.ts';
import { judgeGroups } from './rules/groups.ts';
import { judgeHostPaths } from './rules/host-paths.ts';
import { judgeExposures } from './rules/exposed-services.ts';
import { judgeQueries } from './rules/prometheus.ts';
import { judgeNamespaces } from './rules/namespaces.ts';
import { judgeProxies } from './rules/proxies.ts';
import { judgeApplications } from './rules/applications.ts';
import { judgeFleetIgnoreRules } from './rules/fleet-ignore-rules.ts';

export type { ParseCache } from './parse-cache.ts';

/**
 * Loads `fleet.yaml` and every application below the followed path. It reads nothing itself: as long as it lacks files
 * it says which, and is called again with more contents. All problems are reported at once, in a stable order, and only
 * applications without an error are given.
 */
export function loadManifests(input: ManifestInput, cache: ParseCache): ManifestResult {
  const { fleet, found, context, needed: ofFleet } = survey(input, cache);
  const needed = new Set(ofFleet);
  const loaded = found.sources.flatMap((source) => {
    const one = loadSource(context, source);
    for (const path of one.needed) needed.add(path);
    return one.application === null ? [] : [{ source, application: one.application }];
  });
  if (needed.size > 0) return { kind: 'needs', paths: [...needed].toSorted() };
  const { applications, diagnostics: partProblems } = splitParts(loaded);
  const clashes = findNameClashes(applications);
  const names = [...new Set(applications.map(({ name }) => name))].filter(Boolean).toSorted();
  const valid = validApplications(applications, clashes);
  // A folder without the file that names the fleet is a part of a repository, and so is a single manifest.
  const isPartial = input.only !== undefined || (!fleet.isFound && !input.fleetRequired);
  const problems = judgeApplications({
    applications: new Map(valid.map((application) => [application.name, application])),
    found: names,
    partial: isPartial,
  });
  const refused = judgeHostPaths(valid, fleet.spec?.hostPaths);
  const misplaced = fleet.spec === null ? new Map() : judgeNamespaces(valid, fleet.spec, isPartial);
  const ungrouped = fleet.spec === null ? new Map() : judgeGroups(valid, fleet.spec);
  const isWhole = fleet.spec !== null && !isPartial;
  const exposed = isWhole ? judgeExposures(valid, fleet.spec) : new Map();
  const asking = fleet.spec === null ? new Map() : judgeQueries(valid, fleet.spec);
  const judged = [problems, refused, misplaced, ungrouped, exposed, asking];
  return {
    kind: 'loaded',
    fleet: fleet.spec,
    applications: valid.filter(({ name }) => !judged.some((each) => each.has(name))),
    found: names,
    files: filesByName(applications),
    diagnostics: sortDiagnostics([
      ...fleet.diagnostics,
      ...found.diagnostics,
      ...partProblems,
      ...applications.flatMap(({ diagnostics }) => diagnostics),
      ...clashes.flatMap(describeClash),
      ...judged.flatMap((each) => [...each.values()].flat()),
      ...(isWhole ? judgeFleetIgnoreRules(fleet.spec, names, valid) : []),
      ...(isWhole ? judgeProxies(fleet.spec, names, valid) : []),
    ]),
  };
}

interface Survey {
  readonly fleet: LoadedFleet;
  readonly found: FoundManifests;
  readonly context: SourceContext;
  /** Paths of the files that are missing to know the fleet. */
  readonly needed: ReadonlySet<string>;
}

function survey(input: ManifestInput, cache: ParseCache): Survey {
  const folders = indexFolders(input.entries);
  const files = createFileAccess(input, folders);
  const fleet = loadFleet(input, files, cache);
  const { needed } = files;
  const context = { input, folders, cache, fleet: needed.size === 0 ? factsOf(fleet) : null };
  return { fleet, found: findManifests(input), context, needed };
}

function factsOf({ spec, variables }: LoadedFleet): FleetFacts {
  const seen = spec?.hosts.map(({ name, labels, groups }) => ({
    name,
    labels,
    ...present({ groups }),
  }));
  const hosts = seen === undefined ? null : { hosts: seen, groups: spec?.groups ?? [] };
  return {
    variables,
    variablesDigest: digestOf(Object.fromEntries(variables)),
    hosts,
    hostsDigest: digestOf(hosts),
  };
}

/**
 * The manifests that `loadManifests` would have to read anew, when their own files are there: whoever has several
 * processors can load parts of them at once, and put what comes out into the cache.
 */
export function newSources(input: ManifestInput, cache: ParseCache): NewSources | null {
  const { context, found } = survey(input, cache);
  if (context.fleet === null) return null;
  const sources = found.sources.filter(
    (source) => input.contents.has(source.file) && isNew(context, source),
  );
  return { sources, fleet: context.fleet };
}

export interface NewSources {
  readonly sources: readonly ManifestSource[];
  readonly fleet: FleetFacts;
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
