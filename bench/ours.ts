import { pino } from 'pino';

import { openFleet } from '../src/fleet/docker-fleet.ts';
import { openJournal } from '../src/journal/open-journal.ts';
import { noInterest } from '../src/model/adoption.ts';
import { loadRevision } from '../src/reconcile/load-revision.ts';
import type { Observer } from '../src/reconcile/operator.ts';
import { Operator, silent } from '../src/reconcile/operator.ts';
import { systemClock as clock } from '../src/reconcile/system-clock.ts';
import { openSource } from '../src/source/open-source.ts';
import { ConfigRepository } from '../test/support/config-repository.ts';
import { EngineCalls } from './engine-calls.ts';
import { StepLog } from './step-log.ts';
import type { Ground, Roll, Workload } from './workload.ts';
import { healthcheckYaml, images, port, timeRoll } from './workload.ts';

const logger = pino({ level: 'silent' });

export interface SyncOptions {
  readonly credentials: string;
  readonly signal: AbortSignal;
  readonly observer?: Observer;
}

/**
 * What `fleetwright sync` does, in this process, so that its Engine calls can be counted: without the start of Node.
 *
 * @returns the number of Engine calls
 */
export async function sync(repository: ConfigRepository, options: SyncOptions): Promise<number> {
  const { credentials, signal, observer = silent } = options;
  const state = repository.beside('state');
  using journal = openJournal(state, logger);
  await using source = await openSource({
    repository: repository.dir,
    ref: { kind: 'branch', name: 'main' },
    path: '',
    stateDir: state,
    pollIntervalMs: 60_000,
    logger,
    clock,
  });
  await using fleet = openFleet({ credentialsDir: credentials, logger, clock });
  const reading = { path: '', key: Buffer.of(), cache: new Map() };
  const loaded = await loadRevision(source, await source.head(signal), reading, signal);
  if (loaded.kind === 'invalid') throw new Error(loaded.diagnostics[0]?.message);
  fleet.configure(loaded.desired.fleet, noInterest);
  await fleet.refresh(signal);
  await using operator = new Operator({ fleet, journal, logger, observer, clock });
  operator.follow(loaded.desired);
  const last = await operator.run(signal, ({ settled }) => settled && operator.inFlight() === 0);
  signal.throwIfAborted();
  if (last?.settled !== true) throw new Error('The sync did not converge');
  return fleet.calls();
}

/** A rolling update by the operator, on the state that the first deploy has left. */
export async function rollOurs(ground: Ground, parallelism: number): Promise<Roll> {
  const { host, credentials, workload, signal } = ground;
  await using repository = await ConfigRepository.create('bench', [host]);
  const commit = async (image: string): Promise<void> => {
    await repository.write('shop/compose.yaml', manifest(workload, image, parallelism));
    await repository.commit(image);
  };
  await commit(images.before);
  await sync(repository, { credentials, signal });
  await commit(images.after);
  using calls = new EngineCalls();
  const log = new StepLog();
  return await timeRoll(ground, async () => {
    calls.take();
    const begin = performance.now();
    await sync(repository, { credentials, signal, observer: log.observer });
    const end = performance.now();
    return { begin, end, calls: calls.take(), steps: log.records };
  });
}

/** The manifest of the service that is measured. */
function manifest(workload: Workload, image: string, parallelism: number): object {
  const { replicas, gate } = workload;
  const probe =
    gate.kind === 'probe'
      ? { http: { port, path: '/ready', interval: `${gate.intervalMs}ms` } }
      : {};
  return {
    services: {
      web: {
        image,
        ports: [String(port)],
        ...healthcheckYaml(workload),
        deploy: { replicas, update_config: { parallelism, order: 'start-first', monitor: '0s' } },
        'x-fleetwright': { gate: { ...probe, minHealthyTime: '0s', healthyDeadline: '60s' } },
      },
    },
  };
}
