import { closest, distance } from 'fastest-levenshtein';

import { StalledError, TransientError } from '../model/errors.ts';
import type { FollowedRef, FollowedVersions } from '../model/followed-ref.ts';
import { describeVersions, whyNoBranch } from '../model/followed-ref.ts';
import type { PushReport } from './push-report.ts';
import { heldBack } from './tag-version.ts';

/** How many branches or tags a message lists. */
const maxListed = 20;

/**
 * The error for a branch that a complete list of the repository's branches does not hold.
 *
 * @param where the repository, as messages name it
 */
export function missingBranch(
  branch: string,
  branches: readonly string[],
  where: string,
): StalledError {
  if (branches.length === 0) {
    return new StalledError(
      'RepositoryEmpty',
      `Cannot follow branch "${branch}" of ${where}: the repository has no commits yet. Push a first commit`,
    );
  }
  return new StalledError(
    'BranchNotFound',
    `Cannot find branch "${branch}" in ${where}.${suggestion(branch, branches)} ${listed(branches.toSorted())}`,
  );
}

/** The error for a tag that a complete list of the repository's tags does not hold. */
export function missingTag(tag: string, tags: readonly string[], where: string): StalledError {
  const near = tags.length === 0 ? '' : suggestion(tag, tags);
  return new StalledError(
    'TagNotFound',
    `Cannot find tag "${tag}" in ${where}.${near} ${listed(newestFirst(tags), 'tags')}`,
  );
}

/** The error for a range that none of the repository's tags is in. */
export function missingVersion(
  versions: FollowedVersions,
  tags: readonly string[],
  where: string,
): StalledError {
  const held = heldBack(tags, versions);
  const why =
    held === undefined
      ? ''
      : ` "${held}" is a prerelease, which only a range that names one takes, as >=1.0.0-0 does.`;
  return new StalledError(
    'TagNotFound',
    `Cannot find a tag with a version in ${describeVersions(versions)}, in ${where}.${why} ${listed(newestFirst(tags), 'tags')}`,
  );
}

/** The error for a commit that is to be followed, or read, and that cannot be had. */
export function missingCommit(id: string, where: string): StalledError {
  return new StalledError(
    'CommitNotFound',
    `Cannot find commit ${id} in ${where}: no branch or tag holds it, and it is not given out by its id. Push a branch or a tag that holds it`,
  );
}

/** The error for a commit that is to be made where no branch is followed. */
export function noBranch(ref: FollowedRef, where: string): StalledError {
  return new StalledError('NoBranch', `Cannot commit to ${where}: ${whyNoBranch(ref)}`);
}

/** The error for a ref that is there, and is damaged or about to be written. */
export function unreadableRef(kind: 'branch' | 'tag', name: string, where: string): TransientError {
  return new TransientError(
    'PackCorrupt',
    `Cannot read ${kind} "${name}" of ${where}: its ref names no commit`,
  );
}

/** The error for a followed path that a commit does not hold as a folder. */
export function missingFolder(
  folder: string,
  commit: string,
  found: string | undefined,
  where: string,
): StalledError {
  const seen = found === undefined ? 'there is no such folder' : `it is a ${found}, not a folder`;
  return new StalledError(
    'PathNotFound',
    `Cannot follow path "${folder}" of ${where}: ${seen} in commit ${commit.slice(0, 12)}. Check the configured path, or push a commit that has it`,
  );
}

/** The error for a push that the server does not take, be it for a protected branch or by a hook. */
export function refusedPush(
  { reason, remote }: PushReport,
  branch: string,
  where: string,
): StalledError {
  const words = [reason, remote].filter((text) => text !== '').join('; ');
  return new StalledError(
    'PushRefused',
    `Cannot push to branch "${branch}" of ${where}: the server refuses it${words === '' ? '' : `: ${words}`}. Let the owner of the token or key push to this branch, or make the commit there by hand`,
  );
}

/** The error for a branch that is checked out where its files cannot be brought along. */
export function checkedOutElsewhere(branch: string, root: string): StalledError {
  return new StalledError(
    'CheckedOut',
    `Cannot commit to branch "${branch}": it is checked out in the working tree "${root}", which would then look as if it undid the commit. Switch that one to another branch (git switch --detach), or follow a bare repository`,
  );
}

function listed(names: readonly string[], what = ''): string {
  if (names.length === 0) return `It has no ${what}`;
  const shown = names.slice(0, maxListed).join(', ');
  const rest = names.length > maxListed ? ` and ${names.length - maxListed} more` : '';
  return `It has: ${shown}${rest}`;
}

/** As far as names tell. */
function newestFirst(tags: readonly string[]): readonly string[] {
  return tags.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
}

function suggestion(name: string, candidates: readonly string[]): string {
  const nearest = closest(name, [...candidates]);
  return distance(name, nearest) <= Math.max(2, name.length / 3)
    ? ` Did you mean "${nearest}"?`
    : '';
}
