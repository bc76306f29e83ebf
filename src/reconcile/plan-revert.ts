import type { ApplicationSpec } from '../model/application.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { StalledError } from '../model/errors.ts';
import type { Revision } from '../model/revision.ts';
import type { LoadedManifests } from '../manifest/manifest.ts';
import { suggest } from '../manifest/suggest.ts';
import { formatPosition } from '../report/text.ts';
import type { SourceTree } from '../source/source-tree.ts';
import type { Source } from '../source/source.ts';
import { loadTree, type Reading } from './load-revision.ts';
import { revertEdits } from './revert-application.ts';

/** Where a revert reads from. */
export interface RevertParts extends Reading {
  readonly source: Source;
}

export interface RevertPlan {
  readonly application: string;
  readonly head: Revision;
  /** The last commit that changed the application: what is taken back. */
  readonly from: Revision;
  readonly to: Revision;
  /** The application at the head; null when it is not there, or not valid. */
  readonly current: ApplicationSpec | null;
  /** By path, sorted; empty when the head has these very files. */
  readonly edits: ReadonlyMap<string, string | null>;
}

/** The manifests would not be valid after a revert. */
export class InvalidRevert extends StalledError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(message: string, diagnostics: readonly Diagnostic[]) {
    super('InvalidRevert', message);
    this.diagnostics = diagnostics;
  }
}

/**
 * What must change at the head for an application to be as it was in another commit.
 *
 * @throws StalledError `ApplicationNotFound` when that commit has no valid application of the name, `SharedFiles`; what the
 *   source throws
 */
export async function planRevert(
  parts: RevertParts,
  application: string,
  head: Revision,
  to: Revision,
  signal: AbortSignal,
): Promise<RevertPlan> {
  const { source } = parts;
  const headTree = await source.tree(head.commit, signal);
  const atHead = await loadTree(source, headTree, parts, signal);
  const toTree = await source.tree(to.commit, signal);
  const { files: filesAtTarget } = applicationAt(
    application,
    to,
    await loadTree(source, toTree, parts, signal),
  );
  const { edits, shared } = revertEdits({
    application,
    head: headTree.entries,
    target: toTree.entries,
    filesAtHead: atHead.files,
    filesAtTarget,
  });
  const [first] = shared;
  if (first !== undefined) {
    throw new StalledError(
      'SharedFiles',
      `Cannot roll ${application} back to ${to.commit.slice(0, 12)}: "${first.path}" has changed since and is also read by ${first.applications.join(', ')}. Change it by hand, or give each application a file of its own`,
    );
  }
  const files = [...new Set([...(atHead.files.get(application) ?? []), ...filesAtTarget])];
  const [from = head] = await source.versions(files, head.commit, 1, signal);
  const current = atHead.applications.find(({ name }) => name === application) ?? null;
  return { application, head, from, to, current, edits };
}

function applicationAt(
  application: string,
  { commit }: Revision,
  { applications, found, diagnostics, files }: LoadedManifests,
): ApplicationSpec {
  const spec = applications.find(({ name }) => name === application);
  if (spec !== undefined) return spec;
  const place = commit.slice(0, 12);
  if (!found.includes(application)) {
    const similar = suggest(application, found);
    const hint = similar === undefined ? '' : `; did you mean "${similar}"?`;
    throw new StalledError(
      'ApplicationNotFound',
      `Cannot roll ${application} back to ${place}: that commit has no application of this name${hint}`,
    );
  }
  const own = files.get(application) ?? [];
  const problem = diagnostics.find(
    ({ severity, file }) => severity === 'error' && own.includes(file),
  );
  const why = problem === undefined ? '' : `: ${formatPosition(problem)}: ${problem.message}`;
  throw new StalledError(
    'ApplicationNotFound',
    `Cannot roll ${application} back to ${place}: it is not valid there${why}`,
  );
}

/**
 * Looks at the manifests as they would be after the revert.
 *
 * @returns the application as it would be
 * @throws InvalidRevert
 */
export async function checkRevert(
  parts: RevertParts,
  { application, to }: RevertPlan,
  tree: SourceTree,
  signal: AbortSignal,
): Promise<ApplicationSpec> {
  const { applications, diagnostics } = await loadTree(parts.source, tree, parts, signal);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const spec = applications.find(({ name }) => name === application);
  if (errors.length === 0 && spec !== undefined) return spec;
  throw new InvalidRevert(
    `Cannot roll ${application} back to ${to.commit.slice(0, 12)}: the manifests would not be valid then, so nothing is committed`,
    errors,
  );
}
