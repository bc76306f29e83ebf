/**
 * How long it takes from a change by hand to the item in the report, beside the event of the engine as a client of its own gets
 * it, and the same when the operator's event stream is cut as the change is made: `npm run bench:detection -- --changes 50`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { pino } from 'pino';

import { openFleet } from '../src/fleet/docker-fleet.ts';
import type { EngineRequest } from '../src/fleet/docker-host.ts';
import { EngineClient } from '../src/fleet/engine-client.ts';
import { readJsonLines } from '../src/fleet/json-lines.ts';
import type { WireEvent } from '../src/fleet/wire.ts';
import { openJournal } from '../src/journal/open-journal.ts';
import { noInterest } from '../src/model/adoption.ts';
import { loadRevision } from '../src/reconcile/load-revision.ts';
import { Operator, silent } from '../src/reconcile/operator.ts';
import { systemClock as clock } from '../src/reconcile/system-clock.ts';
import type { Decision } from '../src/rollout/decide.ts';
import { connectEngine } from '../src/sandbox/sandbox-host.ts';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import { openSource } from '../src/source/open-source.ts';
import { ConfigRepository } from '../test/support/config-repository.ts';
import { middle } from './measure.ts';
import { sync } from './ours.ts';

const { values } = parseArgs({ options: { changes: { type: 'string', default: '30' } } });
const changes = Number(values.changes);
const mib = 2 ** 20;
const logger = pino({ level: 'silent' });

const manifest = {
  services: { web: { image: 'testapp:v1', deploy: { resources: { limits: { memory: '64M' } } } } },
  'x-fleetwright': { drift: { selfHeal: false } },
};

/** A client whose event stream can be cut, as a network does it. */
class CuttableClient extends EngineClient {
  #events: Readable | null = null;

  override async stream(request: EngineRequest): Promise<Readable> {
    const stream = await super.stream(request);
    const isLive = request.path === '/events' && request.query?.['until'] === undefined;
    if (isLive) this.#events = stream;
    return stream;
  }

  cut(): void {
    this.#events?.destroy();
  }
}

/** Calls back with the time at which something was first so. */
class Moment<Told> {
  #isSo: ((told: Told) => boolean) | null = null;
  #resolve: (at: number) => void = () => {};

  tell(told: Told): void {
    if (this.#isSo?.(told) !== true) return;
    this.#isSo = null;
    this.#resolve(performance.now());
  }

  next(isSo: (told: Told) => boolean): Promise<number> {
    this.#isSo = isSo;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}

interface Delays {
  /** From the call that changes it, in milliseconds. */
  readonly event: number;
  readonly report: number;
}

const dir = await mkdtemp(join(tmpdir(), 'fleetwright-bench-'));
const stop = new AbortController();
try {
  await using sandbox = await startSandbox({
    hosts: 1,
    dir: join(dir, 'fleet'),
    log: () => undefined,
  });
  const [host] = sandbox.hosts;
  if (host === undefined) throw new Error('The sandbox has no host');
  const engine = connectEngine(host);
  await using repository = await ConfigRepository.create('bench', sandbox.hosts);
  await repository.write('shop/compose.yaml', manifest);
  await repository.commit('begin');
  const { credentials } = sandbox;
  await sync(repository, { credentials, signal: AbortSignal.timeout(120_000) });
  const [listed] = await engine.listContainers();
  const container = engine.getContainer(listed?.Id ?? '');

  const told = new Moment<WireEvent>();
  const stream = await engine.getEvents({ filters: { event: ['update'] } });
  void (async () => {
    for await (const event of readJsonLines(stream as Readable)) told.tell(event as WireEvent);
  })().catch(() => {});

  const stateDir = repository.beside('state');
  using journal = openJournal(stateDir, logger);
  await using source = await openSource({
    repository: repository.dir,
    ref: { kind: 'branch', name: 'main' },
    path: '',
    stateDir,
    pollIntervalMs: 60_000,
    logger,
    clock,
  });
  const clients: CuttableClient[] = [];
  await using fleet = openFleet({
    credentialsDir: credentials,
    logger,
    clock,
    connect: ({ endpoint }, own, onCall) => {
      const client = new CuttableClient(endpoint, own, clock, onCall);
      clients.push(client);
      return client;
    },
  });
  const { signal } = stop;
  const reading = { path: '', key: Buffer.of(), cache: new Map() };
  const loaded = await loadRevision(source, await source.head(signal), reading, signal);
  if (loaded.kind === 'invalid') throw new Error(loaded.diagnostics[0]?.message);
  const reported = new Moment<Decision>();
  const observer = { ...silent, decided: (decision: Decision) => reported.tell(decision) };
  fleet.configure(loaded.desired.fleet, noInterest);
  await fleet.refresh(signal);
  await using operator = new Operator({ fleet, journal, logger, observer, clock });
  operator.follow(loaded.desired);
  const running = operator.run(signal, () => false);

  let round = 0;
  const measure = async (isCut: boolean): Promise<Delays> => {
    round += 1;
    const memory = (128 + round) * mib;
    const hasIt = ({ drift }: Decision): boolean =>
      drift.some(({ observed, cause }) => observed === memory && cause !== undefined);
    const both = [told.next(() => true), reported.next(hasIt)] as const;
    if (isCut) clients.at(-1)?.cut();
    const begin = performance.now();
    await container.update({ Memory: memory, MemorySwap: 1024 * mib });
    const [event, report] = await Promise.all(both);
    // Longer than what makes the operator take the next cut for a connection that does not hold.
    await wait(isCut ? 1_200 : 100);
    return { event: event - begin, report: report - begin };
  };
  const times = { followed: [] as Delays[], cut: [] as Delays[] };
  for (let index = 0; index < changes; index += 1) {
    times.followed.push(await measure(false));
    times.cut.push(await measure(true));
  }
  stop.abort();
  await running;
  (stream as Readable).destroy();
  process.stdout.write(`${changes} changes of a limit, from the call on, in ms\n\n`);
  process.stdout.write('                      event            report\n');
  process.stdout.write('               median   worst   median   worst\n');
  for (const [name, delays] of Object.entries(times)) {
    const figures = (['event', 'report'] as const).flatMap((what) => {
      const list = delays.map((each) => each[what]);
      return [middle(list), Math.max(...list)];
    });
    const cells = figures.map((ms) => ms.toFixed(0).padStart(8)).join('');
    process.stdout.write(`${name.padEnd(13)}${cells}\n`);
  }
} finally {
  stop.abort();
  await rm(dir, { recursive: true, force: true });
}
