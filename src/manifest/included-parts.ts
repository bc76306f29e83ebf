import { basename } from 'node:path/posix';

import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { ManifestSource } from './find.ts';
import type { LoadedApplication } from './loaded-application.ts';
import { startOf } from './report.ts';

interface Loaded {
  readonly source: ManifestSource;
  readonly application: LoadedApplication;
}

/**
 * Leaves out the manifests that another one includes: they run as a part of it, and not a second time for themselves.
 * Manifests that include each other all stay, with their complaint about it.
 */
export function splitParts(loaded: readonly Loaded[]): {
  readonly applications: readonly LoadedApplication[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const includedBy = new Map<string, string[]>();
  for (const { source, application } of loaded) {
    for (const path of application.included) {
      includedBy.set(path, [...(includedBy.get(path) ?? []), source.file]);
    }
  }
  const isPart = ({ source, application }: Loaded): boolean =>
    (includedBy.get(source.file) ?? []).some(
      (file) => file !== source.file && !application.included.has(file),
    );
  return {
    applications: loaded.filter((each) => !isPart(each)).map(({ application }) => application),
    diagnostics: loaded.filter(isPart).flatMap(({ source }) => unusedOverrides(source, includedBy)),
  };
}

/** What is included is exactly what `include` names, so that an override beside it counts only when it is named too. */
function unusedOverrides(
  { file, overrides }: ManifestSource,
  includedBy: ReadonlyMap<string, readonly string[]>,
): readonly Diagnostic[] {
  return overrides
    .filter((override) => !includedBy.has(override))
    .map((override) => {
      const message = `"${basename(override)}" is not read, because "${file}" is a part of another application`;
      const hint = 'Name both under include.path to merge them';
      const place = startOf(override);
      return diagnosticAt(place, '', 'unused-manifest', message, { severity: 'warning', hint });
    });
}
