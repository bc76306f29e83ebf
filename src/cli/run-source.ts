import { hostname } from 'node:os';

import type { Logger } from 'pino';

import type { DesiredState } from '../model/desired.ts';
import { messageOf } from '../model/errors.ts';
import { describeRef } from '../model/followed-ref.ts';
import { present } from '../model/present.ts';
import { openJournal } from '../journal/open-journal.ts';
import { Notifier } from '../notify/notifier.ts';
import type { ParseCache } from '../manifest/load.ts';
import { Follower, type Approval, type Claims } from '../reconcile/follower.ts';
import { judgePlan } from '../reconcile/judge-plan.ts';
import type { Observer } from '../reconcile/operator.ts';
import { Operator, silent } from '../reconcile/operator.ts';
import { systemClock as clock } from '../reconcile/system-clock.ts';
import type { World } from '../rollout/world.ts';
import { WriteBack } from '../reconcile/write-back.ts';
import { readAuthor } from './author.ts';
import { lookOnce, openHosts, openRepository } from './live.ts';
import { openInstallationKey } from '../secrets/installation-key.ts';
import type { Settings } from './settings.ts';

/** What the sources of one process share. */
export interface SharedBySources {
  readonly claims: Claims;
  /** Called when a webhook says that there is something new. */
  readonly hints: Set<() => void>;
}

/** Follows one source and keeps its fleet as the commit asks, until it is stopped. */
export async function runSource(
  settings: Settings,
  logger: Logger,
  { claims, hints }: SharedBySources,
  signal: AbortSignal,
): Promise<void> {
  using journal = openJournal(settings.state, logger, settings.historyBudget);
  const key = openInstallationKey(settings.state, journal.state());
  await using source = await openRepository(settings, logger, 'daemon');
  await using fleet = openHosts(settings, logger, key);
  const { path } = settings;
  const cache: ParseCache = new Map();
  const author = readAuthor(undefined, process.env);
  const by = `the operator on ${hostname()}, after an automatic rollback`;
  await using writeBack = new WriteBack({
    source,
    path,
    key,
    cache,
    journal,
    logger,
    clock,
    author,
    by,
  });
  const { state: stateDir, receivers } = settings;
  await using notifier = Notifier.open({ stateDir, receivers, logger, clock });
  const observer: Observer = {
    ...silent,
    decided: (decision) => {
      writeBack.decided(decision);
      notifier?.decided(decision);
    },
  };
  await using operator = new Operator({ fleet, journal, logger, observer, clock });
  const observe = (desired: DesiredState, until: AbortSignal): Promise<World['observations']> =>
    lookOnce(settings, logger, key, desired, journal.state(), until);
  const approval: Approval = {
    judge: (desired, until) =>
      judgePlan({ source, path, key, cache, journal, clock, observe }, desired, until),
    clock,
  };
  await using follower = new Follower({
    source,
    path,
    key,
    journal,
    logger,
    cache,
    nonFastForward: settings.nonFastForward,
    ...present({ approval: settings.planRequireApproved ? approval : undefined }),
    claims,
    onReached: (isReached) => operator.sourceReached(isReached),
    onAccepted: ({ desired }) => {
      writeBack.follow(desired);
      notifier?.follow(desired);
      operator.follow(desired);
    },
  });
  logger.info({ repository: settings.repository, ref: describeRef(settings.ref) }, 'following');
  const hint = (): void => follower.hint();
  hints.add(hint);
  const following = follower.start().catch((error: unknown) => {
    logger.error({ reason: messageOf(error) }, 'the repository cannot be followed');
  });
  try {
    await operator.runOn(signal);
  } finally {
    hints.delete(hint);
  }
  await following;
  logger.info('stopping: steps under way are finished first');
}
