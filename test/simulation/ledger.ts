import type { Gate, ServiceSpec } from '../../src/model/application.ts';
import { slotKey } from '../../src/model/labels.ts';
import type { Step } from '../../src/model/step.ts';
import { versionsOf } from '../../src/model/variants.ts';
import type { Decision } from '../../src/rollout/decide.ts';
import type { TrueContainer } from './census.ts';
import type { Limits } from './limits.ts';
import { canaryShare, isSoleWriter, limitsOf } from './limits.ts';
import type { SimulatedHost } from './simulated-host.ts';
import { Violation } from './violation.ts';

/** How long a decision may be on its way until the call that it leads to arrives. */
const underwayMs = 20_000;
/** A call that takes longer was held up on its way. */
const lateMs = 5_000;
/** Of one key: a replacement takes about ten. */
const mostStepsASecond = 40;
/** The last requests of an instance are answered before it is taken off a network, and it comes back a little later. */
const renewingMs = 15_000;
/** How long the operator may not know what an outsider did: the event has to reach it first. */
const tellingMs = 3_000;

/** One service as it was to be, and since when it is not to be so any more. */
interface Wanted {
  readonly service: ServiceSpec;
  readonly slots: number;
  readonly isProven: boolean;
  until: number | null;
}

/** What a service may do now, in the most generous of the targets that its steps may still come from. */
export interface Allowance extends Limits {
  /** The fewest slots that it is to have. */
  readonly slots: number;
  /** Not two of it run on one host: they would write to one volume. */
  readonly isSoleWriter: boolean;
  readonly isSingleton: boolean;
  readonly gate: Gate | null;
  /** How long the last requests are waited for, in milliseconds; 0: it is not exposed. */
  readonly drainTimeoutMs: number;
  readonly isGlobal: boolean;
}

/** What the invariants must remember of a run. Nothing in it comes from what the operator believes of the hosts. */
export class Ledger {
  readonly #now: () => number;
  readonly #silenceMs: number;
  readonly #wanted = new Map<string, Wanted[]>();
  readonly #hits = new Map<
    string,
    { readonly at: number; readonly host: SimulatedHost; readonly isSilent: boolean }
  >();
  /** When the networks of each application were changed last. */
  readonly #cutOffAt = new Map<string, number>();
  readonly #stormyUntil = new Map<SimulatedHost, number>();
  readonly #steps = new Map<string, Step>();
  readonly #begunAt = new WeakMap<Step, number>();
  /** The steps of each key in the second that began then. */
  readonly #series = new Map<string, { readonly since: number; steps: number }>();
  /** Steps whose calls may still arrive, though nobody waits for them any more. */
  #orphans: readonly { readonly until: number; readonly step: Step }[] = [];
  #mournsUntil = 0;
  /** Since when the rollout of each application has been under way, as far as it has. */
  readonly #rolling = new Map<string, number>();
  /** Hashes that something outside has harmed before they had proved themselves: those may rightly fail. */
  readonly blamed = new Set<string>();

  /** @param silenceMs how long a host may be silent before the operator takes it for unreachable */
  constructor(now: () => number, silenceMs: number) {
    this.#now = now;
    this.#silenceMs = silenceMs;
  }

  /** The process is gone. */
  processGone(): void {
    this.#mournsUntil = this.#now() + underwayMs * 2;
    this.#abandon([...this.#steps.values()]);
    this.#steps.clear();
  }

  /** @throws Violation when the same is done over and over: that comes to no end */
  stepStarted(step: Step): void {
    this.#mustCalmDown(step);
    this.#steps.set(`${step.host} ${step.key}`, step);
    this.#begunAt.set(step, this.#now());
  }

  #mustCalmDown({ key, action }: Step): void {
    const now = this.#now();
    const known = this.#series.get(key);
    const series =
      known !== undefined && now - known.since < 1_000 ? known : { since: now, steps: 0 };
    series.steps += 1;
    this.#series.set(key, series);
    if (series.steps <= mostStepsASecond) return;
    throw new Violation('nothing is done over and over', `${key} ${action.kind}`);
  }

  /** @param isGivenUp nobody waits for its call any more, which may still arrive */
  stepEnded(step: Step, isGivenUp: boolean): void {
    this.#steps.delete(`${step.host} ${step.key}`);
    if (isGivenUp) this.#abandon([step]);
  }

  /** Whether the step that a call belongs to was begun so long ago that the world may have become another one since. */
  isLate(host: SimulatedHost, container: string): boolean {
    return this.#begunAtOf(host, container) < this.#now() - lateMs;
  }

  /** Whether the step that a call for a container belongs to was begun before this time. */
  wasBegunBefore({ host, id }: TrueContainer, time: number): boolean {
    return this.#begunAtOf(host, id) < time;
  }

  #begunAtOf(host: SimulatedHost, container: string): number {
    const step = this.stepsOn(host).find(
      ({ action }) => 'guard' in action && action.guard.id === container,
    );
    return (step === undefined ? undefined : this.#begunAt.get(step)) ?? Infinity;
  }

  /** The steps that the operator has under way on a host. */
  stepsOn(host: SimulatedHost): readonly Step[] {
    const orphans = this.#orphans.filter(({ until }) => this.#now() < until);
    return [...this.#steps.values(), ...orphans.map(({ step }) => step)].filter(
      (step) => step.host === host.name,
    );
  }

  /**
   * @param isProven whether a hash of a service of an application is part of its last-known-good version
   * @throws Violation when a number of instances is out of its bounds
   */
  noteDecision(
    { applications }: Decision,
    isProven: (application: string, service: string, hash: string) => boolean,
  ): void {
    const now = this.#now();
    const seen = new Set<string>();
    this.#noteRollouts(applications);
    for (const { application, target, services } of applications) {
      for (const service of target.spec.services) {
        const slots = services.find((one) => one.service === service.name)?.desired ?? 0;
        const key = `${application}/${service.name}`;
        seen.add(key);
        mustBeWithinBounds(key, service, slots);
        this.#want(key, {
          service,
          slots,
          isProven: versionsOf(service).every(({ name, hash }) =>
            isProven(application, name, hash),
          ),
          until: null,
        });
      }
    }
    for (const [key, list] of this.#wanted) {
      const last = list.at(-1);
      if (!seen.has(key) && last !== undefined) last.until ??= now;
    }
  }

  /** Whether a process has gone so lately that its calls may still arrive. */
  get isMourning(): boolean {
    return this.#now() < this.#mournsUntil;
  }

  /** Whether the application is one of those that are asked for, or was a moment ago. */
  isAsked(application: string): boolean {
    const now = this.#now();
    return [...this.#wanted].some(
      ([key, list]) =>
        key.startsWith(`${application}/`) &&
        list.some(({ until }) => until === null || now - until < underwayMs),
    );
  }

  /** An application whose rollout has been under way for so long that whatever is done now was decided after its start. */
  rolling(): string | null {
    const now = this.#now();
    const found = [...this.#rolling].find(([, since]) => now - since >= underwayMs);
    return found?.[0] ?? null;
  }

  /** How many of the first slots of a service may have this version at this step of its canaries; null: all that there are. */
  canariesOf(application: string, service: string, hash: string, index: number): number | null {
    const list = this.#wanted.get(`${application}/${service}`) ?? [];
    const wanted = list.findLast((one) => one.until === null && one.service.hash === hash);
    const step = wanted?.service.rollout.steps[index]?.slots;
    if (wanted === undefined || step === undefined || wanted.service.mode === 'global') {
      return null;
    }
    return canaryShare(step, wanted.slots);
  }

  /** Null when nothing asks for the service, and nothing has for so long that no step for it can be on its way. */
  allowanceOf(application: string, service: string): Allowance | null {
    const now = this.#now();
    const list = (this.#wanted.get(`${application}/${service}`) ?? []).filter(
      ({ until }) => until === null || now - until < underwayMs,
    );
    const limits = list.map((one) => limitsOf(one.service, one.slots, one.isProven));
    if (limits.length === 0) return null;
    return {
      live: Math.max(...limits.map(({ live }) => live)),
      missing: Math.max(...limits.map(({ missing }) => missing)),
      slots: Math.min(...list.map(({ slots }) => slots)),
      isSoleWriter: list.every(({ service }) => isSoleWriter(service)),
      isSingleton: list.every(({ service }) => service.singleton),
      gate: list.at(-1)?.service.gate ?? null,
      drainTimeoutMs: Math.min(...list.map(({ service }) => service.expose?.drainTimeoutMs ?? 0)),
      isGlobal: list.some(({ service }) => service.mode === 'global'),
    };
  }

  /** An instance of a slot is to be off networks, or on them again. */
  networksChanged(slot: string): void {
    this.#cutOffAt.set(slot.slice(0, slot.indexOf('/')), this.#now());
  }

  /** Whether networks of an application were being made anew a moment ago: that goes by hosts, and not by the budget. */
  wasCutOff(application: string): boolean {
    return this.#now() - (this.#cutOffAt.get(application) ?? -Infinity) < renewingMs;
  }

  /** Whether the slot is one that all targets of now and of a moment ago have. */
  isWanted({ identity }: TrueContainer): boolean {
    if (identity === null) return false;
    const now = this.#now();
    const list = this.#wanted.get(`${identity.application}/${identity.service}`) ?? [];
    return (
      list.at(-1)?.until === null &&
      list
        .filter(({ until }) => until === null || now - until < underwayMs)
        .every(({ service, slots }) => service.mode === 'global' || Number(identity.slot) <= slots)
    );
  }

  /**
   * Something outside the operator has taken a container away, or has harmed it.
   *
   * @param isBlamed it may rightly be held against its version, which has not proved itself yet
   * @param isSilent nobody tells of it: the host is lost as a whole
   */
  hit(container: TrueContainer, isBlamed: boolean, isSilent: boolean): void {
    const { identity, host } = container;
    if (identity === null) return;
    this.#hits.set(slotKey(identity), { at: this.#now(), host, isSilent });
    if (isBlamed) this.blamed.add(`${identity.application}/${identity.hash}`);
  }

  /** Whether a slot may be missing without the operator knowing it already. */
  isHit(slot: string): boolean {
    const hit = this.#hits.get(slot);
    if (hit === undefined) return false;
    const { host } = hit;
    const stormyUntil = this.#stormyUntil.get(host) ?? 0;
    // A host that is silent is only missed when it does not answer the next ping, twice.
    const newsMs = hit.isSilent || host.link.isPartitioned ? this.#silenceMs : tellingMs;
    return this.#now() - hit.at < newsMs || this.#now() < stormyUntil;
  }

  /** Keys of the slots of a service for which that is so. */
  hitSlots(application: string, service: string): readonly string[] {
    const prefix = `${application}/${service}/`;
    return [...this.#hits.keys()].filter((slot) => slot.startsWith(prefix) && this.isHit(slot));
  }

  /** Events of this host may get lost until then: only the next full list tells. */
  stormy(host: SimulatedHost, until: number): void {
    this.#stormyUntil.set(host, Math.max(until, this.#stormyUntil.get(host) ?? 0));
  }

  #noteRollouts(applications: Decision['applications']): void {
    const rolling = applications.filter(({ rollout, suspended }) => rollout !== null && !suspended);
    const names = new Set(rolling.map(({ application }) => application));
    for (const name of this.#rolling.keys()) if (!names.has(name)) this.#rolling.delete(name);
    for (const name of names) {
      if (!this.#rolling.has(name)) this.#rolling.set(name, this.#now());
    }
  }

  #abandon(steps: readonly Step[]): void {
    const now = this.#now();
    const until = now + underwayMs * 2;
    this.#orphans = [
      ...this.#orphans.filter((orphan) => now < orphan.until),
      ...steps.map((step) => ({ until, step })),
    ];
  }

  #want(key: string, wanted: Wanted): void {
    const now = this.#now();
    const { service, slots, isProven } = wanted;
    const list = this.#wanted.get(key) ?? [];
    const last = list.at(-1);
    const isSame = last?.service === service && last.slots === slots && last.isProven === isProven;
    if (isSame && last?.until === null) return;
    if (last !== undefined) last.until ??= now;
    const recent = list.filter(({ until }) => until === null || now - until < underwayMs);
    this.#wanted.set(key, [...recent, wanted]);
  }
}

/** Whatever the load is, a service has no more slots and no fewer than its manifest allows. */
function mustBeWithinBounds(key: string, { autoscale }: ServiceSpec, slots: number): void {
  if (autoscale === undefined || (slots >= autoscale.min && slots <= autoscale.max)) return;
  const what = `${key} is to have ${slots}, of ${autoscale.min} to ${autoscale.max}`;
  throw new Violation('a number that goes by load stays within its bounds', what);
}
