import { StalledError } from '../model/errors.ts';
import type { FollowedRef } from '../model/followed-ref.ts';
import type { Change } from './change.ts';
import { isBranchName } from './location.ts';
import { noBranch } from './refusals.ts';

/**
 * The branch that a change is put on: the one that it names, or the followed one.
 *
 * @param where the repository, as messages name it
 * @throws StalledError `NoBranch`
 */
export function targetBranch(
  { branch }: Pick<Change, 'branch'>,
  followed: FollowedRef,
  where: string,
): string {
  if (branch === undefined) {
    if (followed.kind !== 'branch') throw noBranch(followed, where);
    return followed.name;
  }
  if (isBranchName(branch)) return branch;
  throw new StalledError(
    'NoBranch',
    `Cannot commit to ${where}: ${JSON.stringify(branch)} cannot be the name of a branch. Give it without refs/heads/`,
  );
}
