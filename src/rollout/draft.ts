import type { ServiceSpec } from '../model/application.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { HostName } from '../model/names.ts';
import { originOf } from '../model/origin.ts';
import type { Action, Cause, Change, Step } from '../model/step.ts';
import type { Target } from './target.ts';

/** Something that is not done yet, and what it waits for. */
export interface Waiting {
  readonly application: string;
  readonly service: string;
  readonly slot: string;
  readonly host: HostName | null;
  readonly reason: string;
  /** When it is looked at again at the latest; null: when something changes. */
  readonly until: number | null;
}

/** Something that does not go on by itself, with the code of the condition that it makes. */
export interface Blocked {
  readonly service: string;
  readonly slot: string;
  readonly reason: string;
  readonly message: string;
}

/** The decision on one application, as it is put together. It never leaves the functions that fill it. */
export class Draft {
  readonly steps: Step[] = [];
  readonly entries: JournalEntry[] = [];
  readonly waiting: Waiting[] = [];
  readonly blocked: Blocked[] = [];
  readonly #application: string;

  constructor(application: string) {
    this.#application = application;
  }

  step(
    key: string,
    host: HostName,
    service: string,
    slot: string,
    action: Action,
    cause: Cause,
  ): void {
    this.steps.push({ key, host, application: this.#application, service, slot, action, cause });
  }

  wait(
    service: string,
    slot: string,
    host: HostName | null,
    reason: string,
    until: number | null,
  ): void {
    this.waiting.push({ application: this.#application, service, slot, host, reason, until });
  }

  block(service: string, slot: string, reason: string, message: string): void {
    this.blocked.push({ service, slot, reason, message });
  }
}

/** Why a step is taken for a service: the line that the path stands on, and the reason. */
export function causeOf(
  target: Target,
  service: ServiceSpec | null,
  path: string,
  reason: string,
  changes: readonly Change[] = [],
): Cause {
  const origins = service?.origins ?? {};
  const origin = originOf(origins, path) ?? target.spec.origin;
  return { commit: target.commit, origin, path, reason, changes };
}
