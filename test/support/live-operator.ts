import { pino } from 'pino';

import { openFleet } from '../../src/fleet/docker-fleet.ts';
import type { FleetOptions } from '../../src/fleet/docker-fleet.ts';
import type { Fleet } from '../../src/fleet/fleet.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { loadRevision } from '../../src/reconcile/load-revision.ts';
import { Operator, silent } from '../../src/reconcile/operator.ts';
import { systemClock as clock } from '../../src/reconcile/system-clock.ts';
import type { Decision } from '../../src/rollout/decide.ts';
import { openSource } from '../../src/source/open-source.ts';
import type { ConfigRepository } from './config-repository.ts';
import { testKey } from './load-files.ts';
import { sharedSandbox } from './sandbox.ts';

const logger = pino({ level: 'silent' });
const longestMs = 180_000;

export interface LiveOptions extends Partial<FleetOptions> {
  /** Puts itself between the operator and its hosts. */
  readonly around?: (fleet: Fleet) => Fleet;
  /** Ends the operator before it is through. */
  readonly signal?: AbortSignal;
}

/** Brings the hosts to the head of a repository in this process, so that a test can step in between. */
export async function converge(
  repository: ConfigRepository,
  { around = (fleet) => fleet, signal, ...options }: LiveOptions = {},
): Promise<Decision> {
  const longest = AbortSignal.timeout(longestMs);
  const stop = signal === undefined ? longest : AbortSignal.any([longest, signal]);
  using journal = openJournal(repository.beside('state'), logger);
  await using source = await openSource({
    repository: repository.dir,
    ref: { kind: 'branch', name: 'main' },
    path: '',
    stateDir: repository.beside('state'),
    pollIntervalMs: 1_000,
    logger,
    clock,
  });
  const { credentials } = sharedSandbox();
  await using fleet = openFleet({
    credentialsDir: credentials,
    key: testKey,
    logger,
    clock,
    ...options,
  });
  const loaded = await loadRevision(
    source,
    await source.head(stop),
    { path: '', key: testKey, cache: new Map() },
    stop,
  );
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.diagnostics));
  const parts = { fleet: around(fleet), journal, logger, observer: silent, clock };
  await using operator = new Operator(parts);
  operator.follow(loaded.desired);
  const decision = await operator.run(stop, ({ settled }) => settled);
  if (decision?.settled !== true) throw new Error('it did not converge in time');
  return decision;
}
