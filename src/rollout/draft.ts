import type { AnalysisTarget } from '../model/analysis.ts';
import type { ServiceSpec } from '../model/application.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { ImageLookup } from '../model/lookup.ts';
import type { HostName } from '../model/names.ts';
import { noOrigins, originOf } from '../model/origin.ts';
import type { Action, Cause, Change, Step, StepFailure } from '../model/step.ts';
import type { Target } from './target.ts';

/** Where something is waited for. */
export interface Place {
  /** Empty: the application as a whole. */
  readonly service: string;
  /** Empty: the service as a whole. */
  readonly slot: string;
  readonly host: HostName | null;
}

/**
 * What is waited for: a step under way, an image that is pulled, a gate, the watch after a rollout or over canaries, somebody's word to promote them,
 * its turn (behind a budget, a delay, an image, a dependency), requests that a proxy sends it or does not send it yet, the next try of what failed or was repaired often, or a
 * host that cannot be seen.
 */
export type WaitKind =
  | 'step'
  | 'image'
  | 'gate'
  | 'monitor'
  | 'promotion'
  | 'turn'
  | 'traffic'
  | 'retry'
  | 'host';

/** Something that is not done yet, and what it waits for. */
export interface Waiting extends Place {
  readonly application: string;
  readonly kind: WaitKind;
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
  /** Whose trouble it is, as for a step that failed. */
  readonly class: StepFailure['class'];
}

/** The decision on one application, as it is put together. It never leaves the functions that fill it. */
export class Draft {
  readonly steps: Step[] = [];
  /** Questions to registries, which change nothing. */
  readonly lookups: ImageLookup[] = [];
  readonly entries: JournalEntry[] = [];
  readonly waiting: Waiting[] = [];
  /** What is to be measured of canaries from now on. */
  readonly analyses: AnalysisTarget[] = [];
  readonly blocked: Blocked[] = [];
  /** Keys of networks that are being made anew: nothing is connected to them before. */
  readonly renewing = new Set<string>();
  readonly #application: string;
  #wakeAt: number | null = null;
  #reviewAt: number | null = null;
  readonly #looks = new Set<HostName>();

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

  wait(kind: WaitKind, place: Place, reason: string, until: number | null = null): void {
    this.waiting.push({ application: this.#application, kind, ...place, reason, until });
  }

  block(
    service: string,
    slot: string,
    reason: string,
    message: string,
    whose: StepFailure['class'] = 'revision',
  ): void {
    this.blocked.push({ service, slot, reason, message, class: whose });
  }

  /** A revision is given up: the target changes, and what was decided for the old one is void. */
  isVoid(): boolean {
    return this.entries.some(({ kind }) => kind === 'quarantined');
  }

  /** Asks for a fresh look at hosts. */
  look(hosts: readonly HostName[]): void {
    for (const host of hosts) this.#looks.add(host);
  }

  looks(): readonly HostName[] {
    return [...this.#looks];
  }

  /** Decides again at this time at the latest, though nothing in particular is waited for. */
  wakeBy(time: number): void {
    this.#wakeAt = this.#wakeAt === null ? time : Math.min(this.#wakeAt, time);
  }

  /** Decides again at this time at the latest for a reason that no plan looks ahead to, such as the end of a rule. */
  reviewBy(time: number): void {
    this.#reviewAt = this.#reviewAt === null ? time : Math.min(this.#reviewAt, time);
  }

  reviewAt(): number | null {
    return this.#reviewAt;
  }

  /** When to decide again at the latest, in milliseconds since the epoch; null: when something changes. */
  wakeAt(): number | null {
    const times = this.waiting.flatMap(({ until }) => (until === null ? [] : [until]));
    if (this.#wakeAt !== null) times.push(this.#wakeAt);
    return times.length === 0 ? null : Math.min(...times);
  }
}

/** The place of a slot, for what waits there. */
export function placeOf(view: {
  readonly service: ServiceSpec;
  readonly slot: string;
  readonly host: HostName | null;
}): Place {
  return { service: view.service.name, slot: view.slot, host: view.host };
}

/** Why a step is taken for a service: the line that the path stands on, and the reason. */
export function causeOf(
  target: Target,
  service: ServiceSpec | null,
  path: string,
  reason: string,
  changes: readonly Change[] = [],
): Cause {
  const origins = service?.origins ?? noOrigins;
  const origin = originOf(origins, path) ?? target.spec.origin;
  return { commit: target.commit, origin, path, reason, changes };
}
