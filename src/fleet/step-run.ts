import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import type { HostSpec } from '../model/fleet.ts';
import type { EngineFacts, ReachableHost } from '../model/observation.ts';
import type { InstallationKey } from '../model/sealed.ts';
import type { StepFailure, StepOutcome } from '../model/step.ts';
import type { Deadlines } from './deadlines.ts';
import type { DockerHost, EngineRequest } from './docker-host.ts';
import type { RegistryLogin } from './registry-login.ts';

/** What a step needs of its host. */
export interface StepContext {
  readonly client: DockerHost;
  readonly host: HostSpec;
  /** Value of the label `fleetwright.fleet`: nothing with another one is touched. */
  readonly fleet: string;
  /** The latest picture of the host: for names in messages, never for a decision. */
  readonly picture: ReachableHost;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  /** Opens the secrets that containers get; null: none can be opened. */
  readonly key: InstallationKey | null;
  /** Finds what is to be sent to the registry of an image. */
  readonly login: (image: string) => Promise<RegistryLogin>;
  /** Containers that bring files to the host just now, by name. */
  readonly filling: Set<string>;
}

type Asked = Omit<EngineRequest, 'signal' | 'deadlineMs'> & { readonly deadlineMs?: number };

/** One step on its way: its calls, and whether one of them may already have had an effect. */
export class StepRun {
  readonly context: StepContext;
  readonly signal: AbortSignal;
  #mutated = false;
  #login = '';

  constructor(context: StepContext, signal: AbortSignal) {
    this.context = context;
    this.signal = signal;
  }

  get engine(): EngineFacts {
    return this.context.picture.engine;
  }

  /** Whether a mutation was sent: from then on, an answer that is missing means that the outcome is unknown. */
  get mutated(): boolean {
    return this.#mutated;
  }

  /** The entry of config.json whose login was asked for; empty: none was, or there is none. */
  get login(): string {
    return this.#login;
  }

  /** What is to be sent to the registry of an image. */
  async loginFor(image: string): Promise<RegistryLogin> {
    const login = await this.context.login(image);
    if (login.kind === 'found') this.#login = login.entry;
    return login;
  }

  /** Reads an object; null when there is none. */
  find<T>(asked: Asked): Promise<T | null> {
    return this.context.client.find<T>(this.#request(asked, this.context.deadlines.read));
  }

  read<T>(asked: Asked): Promise<T> {
    return this.context.client.json<T>(this.#request(asked, this.context.deadlines.read));
  }

  /** A mutation whose answer matters. */
  ask<T>(asked: Asked & { readonly method: 'POST' }): Promise<T> {
    this.#mutated = true;
    return this.context.client.json<T>(this.#request(asked, this.context.deadlines.mutation));
  }

  async mutate(asked: Asked & { readonly method: 'POST' | 'PUT' | 'DELETE' }): Promise<void> {
    this.#mutated = true;
    await this.context.client.send(this.#request(asked, this.context.deadlines.mutation));
  }

  #request(asked: Asked, deadlineMs: number): EngineRequest {
    return { deadlineMs, ...asked, signal: this.signal };
  }
}

export const done: StepOutcome = { kind: 'done' };
export const doneByOthers: StepOutcome = { kind: 'done', byOthers: true };

export function skipped(reason: string): StepOutcome {
  return { kind: 'skipped', reason };
}

export function failed(
  failureClass: StepFailure['class'],
  reason: string,
  message: string,
): StepOutcome {
  return { kind: 'failed', failure: { class: failureClass, reason, message } };
}
