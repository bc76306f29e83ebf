import { basename, dirname, join } from 'node:path/posix';

import { compareDiagnostics, diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { ManifestInput } from './manifest.ts';
import { startOf } from './report.ts';
import { isBelow } from './repository-path.ts';
import { normaliseProjectName } from './scalars/name.ts';

/** The files of one application. */
export interface ManifestSource {
  readonly file: string;
  /** Merged over the manifest, in this order. */
  readonly overrides: readonly string[];
  /** Empty for the root of the repository. */
  readonly folder: string;
  /** Name of the application when the manifest gives none; empty when nothing suggests one. */
  readonly fallbackName: string;
}

export interface FoundManifests {
  /** Sorted by file. */
  readonly sources: readonly ManifestSource[];
  readonly diagnostics: readonly Diagnostic[];
}

/** In the order in which Compose prefers them when several stand in one folder. */
const baseNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];
const namedManifest = /^(?<name>[^.].*)\.compose\.ya?ml$/;

/** Finds the manifests below the followed path by their names; folders that start with a dot are left out. */
export function findManifests(input: ManifestInput): FoundManifests {
  if (input.only !== undefined)
    return { sources: input.only.map((file) => namedSource(file, input)), diagnostics: [] };
  const diagnostics: Diagnostic[] = [];
  const sources: ManifestSource[] = [];
  for (const [folder, names] of groupByFolder(input)) {
    const base = choose(folder, names, baseNames, diagnostics);
    const override = choose(folder, names, overrideNames, diagnostics);
    if (base !== undefined) {
      const overrides = override === undefined ? [] : [join(folder, override)];
      sources.push({ ...namedSource(join(folder, base), input), overrides });
    } else if (override !== undefined) {
      diagnostics.push(orphanOverride(join(folder, override)));
    }
    const named = [...names].filter((name) => namedManifest.test(name));
    sources.push(...named.map((name) => namedSource(join(folder, name), input)));
  }
  return {
    sources: sources.toSorted((a, b) => (a.file < b.file ? -1 : 1)),
    diagnostics: diagnostics.toSorted(compareDiagnostics),
  };
}

/** Whether a manifest or an override of one may have this name. */
function isManifestName(name: string): boolean {
  return baseNames.includes(name) || overrideNames.includes(name) || namedManifest.test(name);
}

function groupByFolder(input: ManifestInput): ReadonlyMap<string, ReadonlySet<string>> {
  const folders = new Map<string, Set<string>>();
  for (const path of input.entries.keys()) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!isManifestName(name) || !isBelow(input.root, path) || isHidden(input.root, path)) continue;
    const folder = folderOf(path);
    const names = folders.get(folder) ?? new Set();
    folders.set(folder, names.add(name));
  }
  return folders;
}

function isHidden(root: string, path: string): boolean {
  const below = root === '' ? path : path.slice(root.length + 1);
  return below.startsWith('.') || below.includes('/.');
}

function choose(
  folder: string,
  names: ReadonlySet<string>,
  preferred: readonly string[],
  diagnostics: Diagnostic[],
): string | undefined {
  const [chosen, ...others] = preferred.filter((name) => names.has(name));
  for (const other of others) {
    diagnostics.push(
      diagnosticAt(
        startOf(join(folder, other)),
        '',
        'unused-manifest',
        `"${other}" is not read, because "${chosen}" stands in the same folder`,
        { severity: 'warning', hint: 'Remove one of the two, or rename it to NAME.compose.yaml' },
      ),
    );
  }
  return chosen;
}

function orphanOverride(file: string): Diagnostic {
  return diagnosticAt(
    startOf(file),
    '',
    'unused-manifest',
    `"${basename(file)}" is not read, because no manifest stands beside it`,
    { severity: 'warning', hint: 'Add a compose.yaml to the folder, or remove the file' },
  );
}

function namedSource(file: string, { rootName = '' }: ManifestInput): ManifestSource {
  const folder = folderOf(file);
  const folderName = folder === '' ? rootName : basename(folder);
  const name = namedManifest.exec(basename(file))?.groups?.['name'] ?? folderName;
  return { file, overrides: [], folder, fallbackName: normaliseProjectName(name) };
}

function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === '.' ? '' : folder;
}
