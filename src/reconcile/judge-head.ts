import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { Revision } from '../model/revision.ts';
import type { Source } from '../source/source.ts';

/** What becomes of a head that does not hold the commit in force: a force-push, or a branch that was set back. */
export type NonFastForward = 'refuse' | 'allow';

/**
 * What is wrong with a head before its files are looked at; null: nothing. A history that was rewritten by mistake, or by
 * somebody who took over a token, must not undo what was accepted: going back is a commit like any other.
 *
 * @param accepted the commit in force; null before the first
 * @throws what the source throws
 */
export async function judgeHead(
  source: Pick<Source, 'isBehind'>,
  accepted: Revision | null,
  head: Revision,
  policy: NonFastForward,
  signal: AbortSignal,
): Promise<Diagnostic | null> {
  if (policy === 'allow' || accepted === null || accepted.branch !== head.branch) return null;
  if (await source.isBehind(accepted.commit, head.commit, signal)) return null;
  const place = { file: `refs/heads/${head.branch}`, line: 1, column: 1 };
  const [force, moved] = [accepted.commit.slice(0, 12), head.commit.slice(0, 12)];
  const message = `Cannot follow branch "${head.branch}" to ${moved}: commit ${force}, which is in force, is not among those behind it, so the branch was rewritten or set back`;
  return diagnosticAt(place, '', 'history-rewritten', message, {
    hint: `Push a commit on top of ${force} (git revert goes back without rewriting); or, when it is meant, run once with --non-fast-forward allow`,
  });
}
