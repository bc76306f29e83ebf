import type { Logger } from 'pino';

import { approvalTrailer } from '../model/approval-trailer.ts';
import type { DesiredState } from '../model/desired.ts';
import { readJournal } from '../journal/open-journal.ts';
import { loadTree } from '../reconcile/load-revision.ts';
import type { RevertParts, RevertPlan } from '../reconcile/plan-revert.ts';
import { systemClock } from '../reconcile/system-clock.ts';
import { planHash } from '../rollout/plan-hash.ts';
import { predict } from '../rollout/predict.ts';
import { worldOfCommit } from '../rollout/world-of-commit.ts';
import { withEdits } from '../source/commit-change.ts';
import { lookOnce } from './live.ts';
import type { Output } from './output.ts';
import type { Settings } from './settings.ts';

/**
 * The line, to be put after the trailers, with which the commit of a rollback approves its plan, since whoever asks for it means
 * what it does. Empty where nobody asks for approval, where the plan is not known, and on top of what is not in force: that has
 * changes of others in it, which nobody has looked at here.
 */
export async function rollbackApproval(
  parts: RevertParts,
  plan: RevertPlan,
  settings: Settings,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<string> {
  if (!settings.planRequireApproved) return '';
  const desired = await desiredAfter(parts, plan, signal);
  if (desired === null) return '';
  using journal = readJournal(settings.state);
  if (journal.accepted()?.commit !== plan.head.commit) {
    output.note(
      `The commit does not approve its plan, since ${plan.head.commit.slice(0, 12)}, which it stands on, is not in force: see "fleetwright plan" for all that it does`,
    );
    return '';
  }
  const state = journal.state();
  const observations = await lookOnce(settings, logger, parts.key, desired, state, signal);
  const hash = planHash(predict(worldOfCommit(desired, observations, state, systemClock.now())));
  if (hash !== null) return `\n${approvalTrailer}: ${hash}`;
  output.note(
    'The commit does not approve its plan, which is not known while a host cannot be observed: see "fleetwright plan" once they all can',
  );
  return '';
}

/** What the commit will ask for; null when it is not valid, which is said where that is checked. */
async function desiredAfter(
  parts: RevertParts,
  { head, edits }: RevertPlan,
  signal: AbortSignal,
): Promise<DesiredState | null> {
  const tree = withEdits(await parts.source.tree(head.commit, signal), edits);
  const { fleet, applications, diagnostics } = await loadTree(parts.source, tree, parts, signal);
  const isValid = diagnostics.every(({ severity }) => severity !== 'error');
  return fleet !== null && isValid ? { revision: head, fleet, applications } : null;
}
