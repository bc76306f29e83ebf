import type { Logger } from 'pino';

import { messageOf } from '../model/errors.ts';
import { openJournal } from '../journal/open-journal.ts';
import { Follower } from '../reconcile/follower.ts';
import { Operator, silent } from '../reconcile/operator.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { openHosts, openRepository } from './live.ts';
import type { Settings } from './settings.ts';

/** `fleetwright run`: the daemon. It follows the branch and keeps the fleet as the commit asks, until it is stopped. */
export async function run(
  settings: Settings,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  using journal = openJournal(settings.state, logger);
  await using source = await openRepository(settings, logger, 'daemon');
  await using fleet = openHosts(settings, logger);
  const now = Date.now;
  await using operator = new Operator({ fleet, journal, logger, observer: silent, now });
  await using follower = new Follower({
    source,
    path: settings.path,
    journal,
    logger,
    cache: new Map(),
    onAccepted: ({ desired }) => operator.follow(desired),
  });
  logger.info({ repository: settings.repository, branch: settings.branch }, 'following');
  const following = follower.start().catch((error: unknown) => {
    logger.error({ reason: messageOf(error) }, 'the repository cannot be followed');
  });
  await operator.runOn(signal);
  await following;
  logger.info('stopping: steps under way are finished first');
  return exitCode.done;
}
