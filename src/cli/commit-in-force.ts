import type { Logger } from 'pino';

import type { RejectedRevision } from '../model/rejected-revision.ts';
import type { Live } from './live.ts';
import { observeLive } from './live.ts';
import type { Output } from './output.ts';
import { reportRefused } from './report-problems.ts';
import type { Settings } from './settings.ts';

/** What is seen of the fleet, and what is refused at the moment at which the commit was chosen. */
interface InForce extends Live {
  readonly rejected: RejectedRevision | null;
}

/**
 * The fleet beside the head; or, when that is refused, the commit that is still in force: what is refused changes
 * nothing, and the reports must not fall silent over it.
 */
export async function observeCommitInForce(
  settings: Settings,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<InForce> {
  const live = await observeLive(settings, logger, null, signal);
  const accepted = live.journal.accepted();
  const rejected = live.journal.rejected();
  if (live.loaded.kind === 'invalid') {
    reportRefused(output, live.loaded.revision, live.loaded.diagnostics);
  } else {
    // The operator may refuse what is valid: a branch that was rewritten, or a plan that nobody approved.
    const isRefused = rejected?.revision.commit === live.loaded.desired.revision.commit;
    if (!isRefused) return { ...live, rejected };
    reportRefused(output, rejected.revision, rejected.diagnostics);
  }
  if (accepted === null) return { ...live, rejected };
  await live[Symbol.asyncDispose]();
  return { ...(await observeLive(settings, logger, accepted, signal)), rejected };
}
