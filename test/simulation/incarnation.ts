import type { Logger } from 'pino';

import type { Fleet } from '../../src/fleet/fleet.ts';
import { openFleet } from '../../src/fleet/docker-fleet.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { ParseCache } from '../../src/manifest/load.ts';
import type { DesiredState } from '../../src/model/desired.ts';
import { Follower } from '../../src/reconcile/follower.ts';
import type { Observer } from '../../src/reconcile/operator.ts';
import { Operator } from '../../src/reconcile/operator.ts';
import type { ProbeAnswer, Probing } from '../../src/reconcile/probe.ts';
import { Process } from './process.ts';
import type { Random } from './random.ts';
import type { SimulatedHost } from './simulated-host.ts';
import { SimulatedConnection } from './simulated-connection.ts';
import type { SimulatedRepository } from './simulated-repository.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** It survives with the state folder. */
const key = Buffer.from('installation key of the simulation');

/** Everything that an incarnation of the operator finds when it starts. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly hosts: ReadonlyMap<string, SimulatedHost>;
  readonly repository: SimulatedRepository;
  readonly random: Random;
  readonly logger: Logger;
  readonly observer: Observer;
  /** What earlier readings of the same blobs have worked out: it changes nothing but the time that it takes. */
  readonly cache: ParseCache;
  readonly onAccepted: (desired: DesiredState) => void;
}

/** One run of `fleetwright run`, put together as src/cli/run.ts does it, from its start to its end or its death. */
export class Incarnation {
  readonly process: Process;
  readonly operator: Operator;
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly #follower: Follower;
  readonly #stop = new AbortController();

  constructor(
    { clock, hosts, repository, random, logger, observer, cache, onAccepted }: Surroundings,
    openJournal: (process: Process) => Journal,
  ) {
    const process = new Process(clock);
    this.process = process;
    this.journal = openJournal(process);
    this.fleet = openFleet({
      credentialsDir: null,
      key,
      logger,
      clock: process.clock,
      random: random.next,
      connect: (spec, _credentials, onCall) =>
        new SimulatedConnection(process, hostAt(hosts, spec.name), onCall),
    });
    const { journal, fleet } = this;
    this.operator = new Operator({
      fleet,
      journal,
      logger,
      observer,
      clock: process.clock,
      probe: probing(process, hosts),
    });
    this.#follower = new Follower({
      source: repository.open(process),
      path: '',
      key,
      journal,
      logger,
      cache,
      nonFastForward: 'refuse',
      onReached: (isReached) => this.operator.sourceReached(isReached),
      onAccepted: ({ desired }) => {
        onAccepted(desired);
        this.operator.follow(desired);
      },
    });
  }

  start(): void {
    void this.#follower.start();
    void this.operator.runOn(this.#stop.signal);
  }

  /** As after SIGTERM: what is under way is brought to its end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#follower[Symbol.asyncDispose]();
    await this.operator[Symbol.asyncDispose]();
    await this.fleet[Symbol.asyncDispose]();
    this.process.kill();
  }
}

function hostAt(hosts: ReadonlyMap<string, SimulatedHost>, name: string): SimulatedHost {
  const host = hosts.get(name);
  if (host === undefined) throw new Error(`there is no host "${name}"`);
  return host;
}

/** Asks the simulated hosts what really answers on their ports, over the same network that the calls take. */
function probing(process: Process, hosts: ReadonlyMap<string, SimulatedHost>): Probing {
  const byAddress = new Map([...hosts.values()].map((host) => [host.address, host]));
  return ({ probe, address, port }, signal) =>
    new Promise((resolve) => {
      const host = byAddress.get(address);
      if (port === null || host === undefined) {
        return resolve({ ok: false, isListening: false, detail: 'its port is not published' });
      }
      const late = `no answer within ${probe.timeoutMs} ms on port ${probe.port}`;
      const tell = (ms: number, answer: ProbeAnswer): void => {
        const cancel = process.clock.after(ms, () => {
          signal.removeEventListener('abort', giveUp);
          resolve(answer);
        });
        const giveUp = (): void => {
          cancel();
          resolve({ ok: false, isListening: false, detail: 'aborted' });
        };
        signal.addEventListener('abort', giveUp, { once: true });
      };
      if (host.link.isPartitioned || host.state === 'off') {
        return tell(probe.timeoutMs, { ok: false, isListening: true, detail: late });
      }
      switch (host.engine.probe(port)) {
        case 'ok': {
          const detail = probe.kind === 'http' ? `HTTP 200 from ${probe.path}` : 'connected';
          return tell(1, { ok: true, isListening: true, detail });
        }
        case 'http-503': {
          if (probe.kind === 'tcp')
            return tell(1, { ok: true, isListening: true, detail: 'connected' });
          const detail = `HTTP 503 from ${probe.path}`;
          return tell(1, { ok: false, isListening: true, detail });
        }
        case 'refused': {
          const detail = `connection refused on port ${probe.port}`;
          return tell(1, { ok: false, isListening: false, detail });
        }
        case 'timeout':
          return tell(probe.timeoutMs, { ok: false, isListening: true, detail: late });
      }
    });
}
