import PQueue from 'p-queue';
import type { Logger } from 'pino';

import type { AdoptionInterest } from '../model/adoption.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { HostSpec } from '../model/fleet.ts';
import type { LookupOutcome } from '../model/lookup.ts';
import type { ContainerId } from '../model/names.ts';
import type { InstallationKey } from '../model/sealed.ts';
import type { HostObservation } from '../model/observation.ts';
import type { Step, StepOutcome } from '../model/step.ts';
import { askContainer } from './ask-container.ts';
import { changedByStep } from './changed-by-step.ts';
import type { HostCredentials } from './credentials.ts';
import { needsCredentials, readCredentials } from './credentials.ts';
import { withEither } from './deadline.ts';
import type { Deadlines } from './deadlines.ts';
import { clean } from './dirty.ts';
import type { DockerHost } from './docker-host.ts';
import { isStatus } from './engine-error.ts';
import { readEvidence } from './evidence.ts';
import { executeStep } from './execute-step.ts';
import type { CommandEnd, CpuUsage, Evidence } from './fleet.ts';
import { HostInformer } from './host-informer.ts';
import { lookUpImage, unreachable } from './look-up-image.ts';
import { readUsage } from './read-usage.ts';
import type { RegistryLogin } from './registry-login.ts';
import { readLogin } from './registry-login.ts';
import { failed, skipped } from './step-run.ts';

export interface SessionOptions {
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly connect: (host: HostSpec, credentials: HostCredentials | null) => DockerHost;
  readonly fleet: string;
  readonly credentialsDir: string | null;
  readonly key: InstallationKey | null;
  readonly logger: Logger;
  readonly concurrency: number;
  readonly resyncMs: number;
  readonly pingMs: number;
  readonly deadlines: Deadlines;
  readonly onChange: () => void;
  readonly onAway: () => Promise<void>;
  readonly onBack: (since: number) => void;
}

/** Pulls take minutes and bandwidth: they have a queue of their own, so that they hold up nothing else. */
const concurrentPulls = 2;
/** So many instances are measured at once: what is asked at an interval leaves room for what is done. */
const concurrentReadings = 4;

/** One host of the fleet: its connection, its observation and its queues. */
export class HostSession {
  /** Its endpoint never changes; address and labels may. */
  spec: HostSpec;
  readonly #options: SessionOptions;
  readonly #informer: HostInformer;
  readonly #closing = new AbortController();
  readonly #mutations: PQueue;
  readonly #pulls = new PQueue({ concurrency: concurrentPulls });
  readonly #readings = new PQueue({ concurrency: concurrentReadings });
  readonly #filling = new Set<string>();
  readonly #pulling = new Map<string, Promise<StepOutcome>>();
  readonly #unended = new Map<ContainerId, string>();

  constructor(spec: HostSpec, options: SessionOptions) {
    this.spec = spec;
    this.#options = options;
    this.#mutations = new PQueue({ concurrency: options.concurrency });
    const { clock, random } = options;
    this.#informer = new HostInformer({
      host: spec.name,
      fleet: options.fleet,
      key: options.key,
      connect: () => this.#connect(),
      clock,
      random,
      deadlines: options.deadlines,
      resyncMs: options.resyncMs,
      pingMs: options.pingMs,
      onChange: options.onChange,
      onAway: options.onAway,
      onBack: options.onBack,
      logger: options.logger,
    });
  }

  get observation(): HostObservation {
    return this.#informer.observation;
  }

  /** Whether the host has been seen, or has failed to answer. */
  get wasTried(): boolean {
    return this.#informer.wasTried;
  }

  lookFor(interest: AdoptionInterest): void {
    this.#informer.lookFor(interest);
  }

  refresh(signal: AbortSignal): Promise<void> {
    return this.#informer.refresh(signal);
  }

  /** Finds out now whether the host answers. Never throws. */
  confirm(): Promise<void> {
    return this.#informer.confirm();
  }

  /** Another host is back that was away since then. */
  otherIsBack(since: number): void {
    this.#informer.otherIsBack(since);
  }

  credentialsChanged(): void {
    if (needsCredentials(this.spec.endpoint)) this.#informer.reconnect();
  }

  /** Executes a step in its turn. Never throws. */
  execute(step: Step, signal: AbortSignal): Promise<StepOutcome> {
    if (step.action.kind === 'pull-image') return this.#pull(step, step.action.image, signal);
    return withEither([signal, this.#closing.signal], (either) =>
      this.#execute(step, this.#mutations, either),
    );
  }

  /** Asks a registry what a tag means. Never throws. */
  lookUp(image: string, signal: AbortSignal): Promise<LookupOutcome> {
    return withEither([signal, this.#closing.signal], async (either) => {
      const { client } = this.#informer;
      const { name } = this.spec;
      if (client === null) return unreachable(name, image);
      return lookUpImage(client, name, image, await this.#login(image), either);
    });
  }

  /** Null when the host does not answer. Never throws. */
  async evidence(container: ContainerId, signal: AbortSignal): Promise<Evidence | null> {
    const client = this.#informer.client;
    if (client === null) return null;
    try {
      const { clock, deadlines } = this.#options;
      const deadline = { clock, ms: deadlines.read };
      const evidence = await readEvidence(client, container, deadline, signal);
      await this.#informer.reread({ ...clean, containers: new Set([container]) });
      return evidence;
    } catch (error) {
      this.#options.logger.debug({ container, error: messageOf(error) }, 'no evidence');
      // The engine's own "no" is an answer: the container may be gone.
      return isStatus(error, 404, 409, 500) ? { log: [], health: [] } : null;
    }
  }

  /** Null: it cannot be known. Never throws. */
  usage(container: ContainerId, signal: AbortSignal): Promise<CpuUsage | null> {
    return withEither([signal, this.#closing.signal], (either) =>
      this.#readings.add(async () => {
        const { client } = this.#informer;
        if (client === null || either.aborted) return null;
        const reading = readUsage(client, container, this.#options.deadlines.read, either);
        return reading.catch(() => null);
      }),
    );
  }

  /** A text: why it cannot be known how the command ended. Never throws. */
  ask(
    container: ContainerId,
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<CommandEnd | string> {
    return withEither([signal, this.#closing.signal], async (either) => {
      const { client } = this.#informer;
      if (client === null) return `host "${this.spec.name}" is unreachable`;
      const { clock, deadlines } = this.#options;
      const deadline = { clock, ms: deadlines.read };
      const asking = askContainer(client, container, command, deadline, this.#unended, either);
      return asking.catch(messageOf);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#informer.close();
  }

  /** The place in the queue is for the calls of the step: looking at what came of them holds up no other step. */
  async #execute(step: Step, queue: PQueue, signal: AbortSignal): Promise<StepOutcome> {
    const { outcome, settle } = await queue.add(() => this.#act(step, signal));
    await settle();
    return outcome;
  }

  async #act(step: Step, signal: AbortSignal): Promise<Acted> {
    if (this.#informer.client === null && this.observation.kind === 'reachable') {
      // Between two connections: the host is judged by the next one.
      await this.#informer.refresh(signal);
    }
    const { client, observation } = this.#informer;
    if (client === null || observation.kind === 'unreachable') {
      const why = observation.kind === 'unreachable' ? observation.reason : 'it is connected anew';
      const message = `Cannot act on host "${this.spec.name}": ${why}`;
      return { outcome: failed('infrastructure', 'HostUnreachable', message), settle: nothing };
    }
    const { fleet, clock, deadlines, logger, key } = this.#options;
    const { spec: host } = this;
    const filling = this.#filling;
    const context = {
      client,
      host,
      fleet,
      picture: observation,
      clock,
      deadlines,
      logger,
      key,
      filling,
      login: this.#login,
    };
    const dirty = changedByStep(step.action, observation);
    const giveBack = this.#informer.leave(dirty.containers);
    const isOver = this.#informer.expect(step.action);
    const outcome = await executeStep(step, context, signal);
    isOver(outcome);
    logger.debug({ step: step.key, action: step.action.kind, outcome: outcome.kind }, 'step');
    const settle = async (): Promise<void> => {
      await this.#informer.reread(dirty);
      giveBack();
    };
    return { outcome, settle };
  }

  /** Two steps that want one image wait for one pull, which the end of neither of them ends for the other. */
  async #pull(step: Step, image: string, signal: AbortSignal): Promise<StepOutcome> {
    if (signal.aborted) return skipped('it was cancelled before it began');
    let pulling = this.#pulling.get(image);
    if (pulling === undefined) {
      pulling = this.#execute(step, this.#pulls, this.#closing.signal);
      this.#pulling.set(image, pulling);
      void pulling.finally(() => this.#pulling.delete(image));
    }
    const goesOn: StepOutcome = { kind: 'unknown', reason: `the pull of image "${image}" goes on` };
    const shared = pulling;
    return withEither([signal], (waiting) => Promise.race([shared, cancelled(waiting, goesOn)]));
  }

  readonly #login = (image: string): Promise<RegistryLogin> =>
    readLogin(this.#options.credentialsDir, image);

  async #connect(): Promise<DockerHost> {
    const credentials = await readCredentials(this.#options.credentialsDir, this.spec);
    return this.#options.connect(this.spec, credentials);
  }
}

/** What came of a step, and how to bring the observation up to it. */
interface Acted {
  readonly outcome: StepOutcome;
  readonly settle: () => Promise<void>;
}

async function nothing(): Promise<void> {
  // Nothing was done.
}

/** Gives `outcome` when the signal is aborted. */
function cancelled(signal: AbortSignal, outcome: StepOutcome): Promise<StepOutcome> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(outcome), { once: true });
  });
}
