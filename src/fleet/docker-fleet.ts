import { isDeepStrictEqual } from 'node:util';

import type { Logger } from 'pino';

import type { AdoptionInterest } from '../model/adoption.ts';
import type { Clock } from '../model/clock.ts';
import type { FleetSpec, HostSpec } from '../model/fleet.ts';
import type { ImageLookup, LookupOutcome } from '../model/lookup.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import type { InstallationKey } from '../model/sealed.ts';
import type { HostObservation } from '../model/observation.ts';
import type { Step, StepOutcome } from '../model/step.ts';
import type { HostCredentials } from './credentials.ts';
import { needsCredentials, watchCredentials } from './credentials.ts';
import type { Deadlines } from './deadlines.ts';
import { defaultDeadlines } from './deadlines.ts';
import type { DockerHost } from './docker-host.ts';
import { EngineClient } from './engine-client.ts';
import type { CommandEnd, CpuUsage, Evidence, Fleet } from './fleet.ts';
import { HostSession } from './host-session.ts';
import { unreachable } from './look-up-image.ts';
import { failed } from './step-run.ts';
import { rejectTwins } from './twins.ts';

export interface FleetOptions {
  /** Folder with one folder per host: `<host>/{ca,cert,key}.pem`, or `<host>/{id_ed25519,known_hosts}`. It is watched. */
  readonly credentialsDir: string | null;
  /** Opens the secrets that containers get; without it none can be opened. */
  readonly key?: InstallationKey;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Opens the way to a host, a Docker Engine by default. `onCall` is to be called for each request that is sent. */
  readonly connect?: (
    host: HostSpec,
    credentials: HostCredentials | null,
    onCall: () => void,
  ) => DockerHost;
  /** From 0 to 1, for jitter; Math.random by default. */
  readonly random?: () => number;
  /** Mutations of one host at once. */
  readonly concurrency?: number;
  /** Full list of each host at this interval, in milliseconds. */
  readonly resyncMs?: number;
  /** A host without events is pinged at this interval, in milliseconds. */
  readonly pingMs?: number;
  readonly deadlines?: Partial<Deadlines>;
}

/** Opens a fleet without hosts; configure() gives it some. */
export function openFleet(options: FleetOptions): Fleet {
  return new DockerFleet(options);
}

class DockerFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #sessions = new Map<HostName, HostSession>();
  readonly #subscribers = new Set<(host: HostName) => void>();
  readonly #closing: Promise<void>[] = [];
  #credentials: { close(): Promise<void> } | null = null;
  #fleet = '';
  #calls = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  configure(spec: FleetSpec, interest: AdoptionInterest): void {
    const renamed = spec.name !== this.#fleet;
    this.#fleet = spec.name;
    const wanted = new Map(spec.hosts.map((host) => [host.name, host]));
    for (const [name, session] of this.#sessions) {
      const host = wanted.get(name);
      const same = host !== undefined && isDeepStrictEqual(host.endpoint, session.spec.endpoint);
      if (same && !renamed) session.spec = host;
      else this.#forget(name, session);
    }
    for (const [name, host] of wanted) {
      if (!this.#sessions.has(name)) this.#sessions.set(name, this.#open(host));
    }
    for (const session of this.#sessions.values()) session.lookFor(interest);
    this.#watchCredentials(spec);
  }

  snapshot(): ReadonlyMap<HostName, HostObservation> {
    const sessions = [...this.#sessions].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return rejectTwins(new Map(sessions.map(([name, session]) => [name, session.observation])));
  }

  async refresh(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.refresh(signal)));
  }

  async look(host: HostName, signal: AbortSignal): Promise<void> {
    await this.#sessions.get(host)?.refresh(signal);
  }

  unseen(): readonly HostName[] {
    return [...this.#sessions].flatMap(([name, { wasTried }]) => (wasTried ? [] : [name]));
  }

  async execute(step: Step, signal: AbortSignal): Promise<StepOutcome> {
    const session = this.#sessions.get(step.host);
    const observation = this.snapshot().get(step.host);
    if (session === undefined || observation === undefined) {
      const message = `Cannot act on host "${step.host}": it is not in fleet.yaml any more`;
      return failed('infrastructure', 'HostUnreachable', message);
    }
    if (observation.kind === 'unreachable') {
      const message = `Cannot act on host "${step.host}": ${observation.reason}`;
      return failed('infrastructure', 'HostUnreachable', message);
    }
    return session.execute(step, signal);
  }

  async lookUp({ host, image }: ImageLookup, signal: AbortSignal): Promise<LookupOutcome> {
    const session = this.#sessions.get(host);
    return session === undefined ? unreachable(host, image) : session.lookUp(image, signal);
  }

  async evidence(
    host: HostName,
    container: ContainerId,
    signal: AbortSignal,
  ): Promise<Evidence | null> {
    return (await this.#sessions.get(host)?.evidence(container, signal)) ?? null;
  }

  async usage(
    host: HostName,
    container: ContainerId,
    signal: AbortSignal,
  ): Promise<CpuUsage | null> {
    return (await this.#sessions.get(host)?.usage(container, signal)) ?? null;
  }

  async ask(
    host: HostName,
    container: ContainerId,
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<CommandEnd | string> {
    const session = this.#sessions.get(host);
    return session?.ask(container, command, signal) ?? `host "${host}" is not in fleet.yaml`;
  }

  subscribe(onChange: (host: HostName) => void): () => void {
    this.#subscribers.add(onChange);
    return () => this.#subscribers.delete(onChange);
  }

  calls(): number {
    return this.#calls;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscribers.clear();
    for (const [name, session] of this.#sessions) this.#forget(name, session);
    await this.#credentials?.close();
    await Promise.all(this.#closing);
  }

  #open(host: HostSpec): HostSession {
    const { credentialsDir, key = null, logger, clock, concurrency = 4 } = this.#options;
    const { connect = this.#connectEngine, random = Math.random } = this.#options;
    const { resyncMs = 60_000, pingMs = 15_000, deadlines = {} } = this.#options;
    return new HostSession(host, {
      fleet: this.#fleet,
      clock,
      random,
      connect: (spec, credentials) => connect(spec, credentials, this.#countCall),
      credentialsDir,
      key,
      logger: logger.child({ host: host.name }),
      concurrency,
      resyncMs,
      pingMs,
      deadlines: { ...defaultDeadlines, ...deadlines },
      onChange: () => this.#notify(host.name),
      onAway: () => this.#askOthers(host.name),
      onBack: (since) => this.#tellOthers(host.name, since),
    });
  }

  /** Hosts that are cut off together are noticed together, and not each at the time of its own ping. */
  async #askOthers(host: HostName): Promise<void> {
    await Promise.all(this.#others(host).map((session) => session.confirm()));
  }

  /** And so they come back together: else those whose turn to be tried comes late would be taken for lost. */
  #tellOthers(host: HostName, since: number): void {
    for (const session of this.#others(host)) session.otherIsBack(since);
  }

  #others(host: HostName): readonly HostSession[] {
    return [...this.#sessions].flatMap(([name, session]) => (name === host ? [] : [session]));
  }

  readonly #countCall = (): void => {
    this.#calls += 1;
  };

  readonly #connectEngine: NonNullable<FleetOptions['connect']> = (host, credentials, onCall) =>
    new EngineClient(host.endpoint, credentials, this.#options.clock, onCall);

  #forget(name: HostName, session: HostSession): void {
    this.#sessions.delete(name);
    this.#closing.push(session.close());
  }

  #notify(host: HostName): void {
    for (const onChange of this.#subscribers) onChange(host);
  }

  #watchCredentials(spec: FleetSpec): void {
    const { credentialsDir } = this.#options;
    const needed = spec.hosts.some(({ endpoint }) => needsCredentials(endpoint));
    if (credentialsDir === null || !needed || this.#credentials !== null) return;
    this.#credentials = watchCredentials(credentialsDir, this.#options.clock, (host) => {
      for (const [name, session] of this.#sessions) {
        if (host === null || name === host) session.credentialsChanged();
      }
    });
  }
}
