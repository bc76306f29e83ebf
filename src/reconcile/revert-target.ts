import type { ApplicationRecord } from '../model/journal-state.ts';
import { StalledError } from '../model/errors.ts';
import type { Revision } from '../model/revision.ts';
import { suggest } from '../manifest/suggest.ts';
import { targetOf } from '../rollout/target.ts';
import type { SourceTree } from '../source/source-tree.ts';
import type { Source } from '../source/source.ts';
import { loadTree } from './load-revision.ts';
import type { RevertParts, RevertPlan } from './plan-revert.ts';
import { planRevert } from './plan-revert.ts';

/** How many versions of an application are looked through for one that did not fail. */
const maxVersions = 50;

/**
 * The revert that a person means who names no commit: to last-known-good, when the head has something else; when what the
 * head has is good, to the version before it, passing over those that are known to have failed or are not valid.
 *
 * @throws StalledError `ApplicationNotFound`, `NoEarlierVersion`; what planRevert() throws
 */
export async function planDefaultRevert(
  parts: RevertParts,
  application: string,
  head: Revision,
  record: ApplicationRecord,
  signal: AbortSignal,
): Promise<RevertPlan> {
  const { source } = parts;
  const good = await findGood(parts, record, signal);
  if (good !== null) {
    const plan = await planRevert(parts, application, head, good, signal);
    if (plan.edits.size > 0) return plan;
  }
  const tree = await source.tree(head.commit, signal);
  const { files, found } = await loadTree(source, tree, parts, signal);
  const own = files.get(application) ?? record.lastKnownGood?.spec.files;
  if (own === undefined) throw unknownApplication(application, head, found);
  const [, ...earlier] = await source.versions(own, head.commit, maxVersions, signal);
  for (const version of earlier) {
    if (!(await isUsable(parts, application, version, record, signal))) continue;
    const plan = await planRevert(parts, application, head, version, signal);
    if (plan.edits.size > 0) return plan;
  }
  throw new StalledError(
    'NoEarlierVersion',
    `Cannot roll ${application} back: the branch holds no earlier version of it that is valid and did not fail. Name one with --to`,
  );
}

/** Null when nothing is known to be good, or when that commit is gone from the repository. */
async function findGood(
  { source }: RevertParts,
  { lastKnownGood }: ApplicationRecord,
  signal: AbortSignal,
): Promise<Revision | null> {
  if (lastKnownGood === null) return null;
  try {
    return await source.resolve(lastKnownGood.commit, signal);
  } catch (error) {
    if (error instanceof StalledError && error.reason === 'RevisionNotFound') return null;
    throw error;
  }
}

async function isUsable(
  parts: RevertParts,
  application: string,
  version: Revision,
  record: ApplicationRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const tree = await treeOf(parts.source, version, signal);
  if (tree === null) return false;
  const { applications } = await loadTree(parts.source, tree, parts, signal);
  const spec = applications.find(({ name }) => name === application);
  return spec !== undefined && targetOf(spec, version.commit, record).mode === 'desired';
}

/** Null for a commit that is older than the followed path. */
async function treeOf(
  source: Source,
  { commit }: Revision,
  signal: AbortSignal,
): Promise<SourceTree | null> {
  try {
    return await source.tree(commit, signal);
  } catch (error) {
    if (error instanceof StalledError && error.reason === 'PathNotFound') return null;
    throw error;
  }
}

function unknownApplication(
  application: string,
  { commit }: Revision,
  found: readonly string[],
): StalledError {
  const similar = suggest(application, found);
  const hint = similar === undefined ? '' : ` Did you mean "${similar}"?`;
  return new StalledError(
    'ApplicationNotFound',
    `Cannot roll ${application} back: the head ${commit.slice(0, 12)} has no application of this name.${hint} To bring a deleted one back, name a commit with --to`,
  );
}
