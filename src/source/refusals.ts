import { closest, distance } from 'fastest-levenshtein';

import { StalledError, TransientError } from '../model/errors.ts';
import type { PushReport } from './push-report.ts';

/** How many branches a message lists. */
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
  const listed = branches.toSorted().slice(0, maxListed).join(', ');
  const rest = branches.length > maxListed ? ` and ${branches.length - maxListed} more` : '';
  return new StalledError(
    'BranchNotFound',
    `Cannot find branch "${branch}" in ${where}.${suggestion(branch, branches)} It has: ${listed}${rest}`,
  );
}

/** The error for a branch that is there, and is damaged or about to be written. */
export function unreadableBranch(branch: string, where: string): TransientError {
  return new TransientError(
    'PackCorrupt',
    `Cannot read branch "${branch}" of ${where}: its ref names no commit`,
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

function suggestion(name: string, candidates: readonly string[]): string {
  const nearest = closest(name, [...candidates]);
  return distance(name, nearest) <= Math.max(2, name.length / 3)
    ? ` Did you mean "${nearest}"?`
    : '';
}
