import type { Gate, ServiceSpec } from '../../src/model/application.ts';
import { slotKey } from '../../src/model/labels.ts';
import type { Step } from '../../src/model/step.ts';
import type { Decision } from '../../src/rollout/decide.ts';
import type { TrueContainer } from './census.ts';
import type { Limits } from './limits.ts';
import { isSoleWriter, limitsOf } from './limits.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** How long a decision may be on its way until the call that it leads to arrives. */
const underwayMs = 20_000;
/** How long the operator may not know what an outsider did: the event has to reach it first. */
const newsMs = 3_000;

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
  readonly isGlobal: boolean;
}

/** What the invariants must remember of a run. Nothing in it comes from what the operator believes of the hosts. */
export class Ledger {
  readonly #now: () => number;
  readonly #wanted = new Map<string, Wanted[]>();
  readonly #hits = new Map<string, { readonly at: number; readonly host: SimulatedHost }>();
  readonly #stormyUntil = new Map<SimulatedHost, number>();
  readonly #steps = new Map<string, Step>();
  /** What a process had under way when it went: its calls may still arrive. */
  #orphans: { readonly until: number; readonly steps: readonly Step[] } = { until: 0, steps: [] };
  /** Hashes that something outside has harmed before they had proved themselves: those may rightly fail. */
  readonly blamed = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The process is gone. */
  processGone(): void {
    this.#orphans = { until: this.#now() + underwayMs * 2, steps: [...this.#steps.values()] };
    this.#steps.clear();
  }

  stepStarted(step: Step): void {
    this.#steps.set(`${step.host} ${step.key}`, step);
  }

  stepEnded(step: Step): void {
    this.#steps.delete(`${step.host} ${step.key}`);
  }

  /** The steps that the operator has under way on a host. */
  stepsOn(host: SimulatedHost): readonly Step[] {
    const orphans = this.#now() < this.#orphans.until ? this.#orphans.steps : [];
    return [...this.#steps.values(), ...orphans].filter((step) => step.host === host.name);
  }

  /** @param isProven whether a hash of a service of an application is part of its last-known-good version */
  noteDecision(
    { applications }: Decision,
    isProven: (application: string, service: string, hash: string) => boolean,
  ): void {
    const now = this.#now();
    const seen = new Set<string>();
    for (const { application, target, services } of applications) {
      for (const service of target.spec.services) {
        const slots = services.find((one) => one.service === service.name)?.desired ?? 0;
        const key = `${application}/${service.name}`;
        seen.add(key);
        this.#want(key, {
          service,
          slots,
          isProven: isProven(application, service.name, service.hash),
          until: null,
        });
      }
    }
    for (const [key, list] of this.#wanted) {
      const last = list.at(-1);
      if (!seen.has(key) && last !== undefined) last.until ??= now;
    }
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
      isGlobal: list.some(({ service }) => service.mode === 'global'),
    };
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
   */
  hit(container: TrueContainer, isBlamed: boolean): void {
    const { identity, host } = container;
    if (identity === null) return;
    this.#hits.set(slotKey(identity), { at: this.#now(), host });
    if (isBlamed) this.blamed.add(`${identity.application}/${identity.hash}`);
  }

  /** Whether a slot may be missing without the operator knowing it already. */
  isHit(slot: string): boolean {
    const hit = this.#hits.get(slot);
    if (hit === undefined) return false;
    const stormyUntil = this.#stormyUntil.get(hit.host) ?? 0;
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
