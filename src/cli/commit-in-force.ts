import type { Logger } from 'pino';

import type { Live } from './live.ts';
import { observeLive } from './live.ts';
import type { Output } from './output.ts';
import { reportRefused } from './report-problems.ts';
import type { Settings } from './settings.ts';

/**
 * The fleet beside the head; or, when that is refused, the commit that is still in force: what is refused changes
 * nothing, and the reports must not fall silent over it.
 */
export async function observeCommitInForce(
  settings: Settings,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<Live> {
  const live = await observeLive(settings, logger, null, signal);
  const accepted = live.journal.accepted();
  if (live.loaded.kind === 'valid') return live;
  reportRefused(output, live.loaded.revision, live.loaded.diagnostics);
  if (accepted === null) return live;
  await live[Symbol.asyncDispose]();
  return observeLive(settings, logger, accepted, signal);
}
