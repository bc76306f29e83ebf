import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { FollowedVersions } from '../model/followed-ref.ts';
import type { Revision } from '../model/revision.ts';
import type { Source } from '../source/source.ts';
import { admittedVersion, isHigher } from '../source/tag-version.ts';

/** What becomes of a head that does not hold the commit in force: a force-push, or a branch or a tag that was set back. */
export type NonFastForward = 'refuse' | 'allow';

/**
 * What is wrong with a head before its files are looked at; null: nothing. A history that was rewritten by mistake, or by
 * somebody who took over a token, must not undo what was accepted: going back is a commit, or a version, like any other.
 * What the configuration says is done: another branch or tag than before, or a fixed commit, is never wrong.
 *
 * @param accepted the commit in force; null before the first
 * @throws what the source throws
 */
export async function judgeHead(
  source: Pick<Source, 'isBehind' | 'followed'>,
  accepted: Revision | null,
  head: Revision,
  policy: NonFastForward,
  signal: AbortSignal,
): Promise<Diagnostic | null> {
  if (policy === 'allow' || accepted === null || accepted.commit === head.commit) return null;
  if (accepted.kind !== head.kind || head.kind === 'commit') return null;
  const { followed } = source;
  const step = followed.kind === 'semver' ? stepOf(accepted, head, followed) : 'other';
  if (followed.kind === 'semver' && step === 'down') return lowered(accepted, head, followed);
  if (accepted.branch !== head.branch && step !== 'none') return null;
  if (await source.isBehind(accepted.commit, head.commit, signal)) return null;
  return head.kind === 'tag' ? movedTag(accepted, head) : rewrittenBranch(accepted, head);
}

/**
 * How the version changes, which need not be the name; `other` when the range does not admit the one in force any more: then
 * the configuration says so.
 */
function stepOf(
  accepted: Revision,
  head: Revision,
  versions: FollowedVersions,
): 'up' | 'down' | 'none' | 'other' {
  const before = admittedVersion(accepted.branch, versions);
  const now = admittedVersion(head.branch, versions);
  if (before === null || now === null) return 'other';
  if (isHigher(now, before)) return 'up';
  return isHigher(before, now) ? 'down' : 'none';
}

function lowered(accepted: Revision, head: Revision, { range }: FollowedVersions): Diagnostic {
  const message = `Cannot go back from tag "${accepted.branch}", which is in force, to "${head.branch}": "${range}" still admits the former, so its tag was deleted`;
  return refusal(
    head,
    message,
    'Push a higher tag on the commit to go back to, or configure a range that leaves the version out',
  );
}

function movedTag(accepted: Revision, head: Revision): Diagnostic {
  const isSame = accepted.branch === head.branch;
  const what = isSame ? 'the tag was moved away' : `it is not what tag "${accepted.branch}" was`;
  const message = `Cannot follow tag "${head.branch}" to ${short(head)}: commit ${short(accepted)}, which is in force, is not among those behind it, so ${what}`;
  return refusal(
    head,
    message,
    `Give the other commit a version of its own, and let this one name ${short(accepted)} again`,
  );
}

function rewrittenBranch(accepted: Revision, head: Revision): Diagnostic {
  const message = `Cannot follow branch "${head.branch}" to ${short(head)}: commit ${short(accepted)}, which is in force, is not among those behind it, so the branch was rewritten or set back`;
  return refusal(
    head,
    message,
    `Push a commit on top of ${short(accepted)} (git revert goes back without rewriting)`,
  );
}

function refusal({ kind, branch }: Revision, message: string, instead: string): Diagnostic {
  const file = `refs/${kind === 'tag' ? 'tags' : 'heads'}/${branch}`;
  return diagnosticAt({ file, line: 1, column: 1 }, '', 'history-rewritten', message, {
    hint: `${instead}; or, when it is meant, run once with --non-fast-forward allow`,
  });
}

function short({ commit }: Revision): string {
  return commit.slice(0, 12);
}
