import { isDeepStrictEqual } from 'node:util';

import PQueue from 'p-queue';

import { pause } from '../fleet/deadline.ts';
import type { Clock } from '../model/clock.ts';
import type { ProofMap, ProofReading, ProofTally, ProofTarget } from '../model/proof.ts';
import { beginProof, countRequest, proofKey, watchedUntil } from '../model/proof.ts';
import type { Step } from '../model/step.ts';
import type { AskEntrance } from './ask-entrance.ts';
import { StepsBeside } from './steps-beside.ts';

interface ProofWatchParts {
  readonly clock: Clock;
  readonly ask: AskEntrance;
  /** Called when a request has failed. */
  readonly onFailure: () => void;
}

/** Requests under way at once, over all entrances. */
const mostAtOnce = 32;
/** A busy machine is late by less. */
const lateMs = 1_000;
/** A flood of failures is told of at this pace. */
const tellMs = 1_000;

/**
 * Sends requests through the real entrances while services are rolled out, one at a time at each, and counts what becomes
 * of them. They count at an entrance from when an instance first gets what comes in there.
 */
export class ProofWatch implements Disposable {
  readonly #parts: ProofWatchParts;
  readonly #watches = new Map<string, Watch>();
  readonly #queue = new PQueue({ concurrency: mostAtOnce });
  readonly #steps = new StepsBeside();
  #toldAt = 0;

  constructor(parts: ProofWatchParts) {
    this.#parts = parts;
  }

  /** What is known by now. */
  readings(): ProofMap {
    const entries = [...this.#watches].map(([key, watch]) => [key, this.#read(watch)] as const);
    return new Map(entries);
  }

  /** Sends the requests of these targets from now on, and no others. */
  watch(targets: readonly ProofTarget[]): void {
    const wanted = new Map(targets.map((target) => [proofKey(target), target]));
    for (const [key, watch] of this.#watches) {
      const target = wanted.get(key);
      if (target !== undefined && isSame(watch.target, target)) continue;
      watch.stop.abort();
      this.#watches.delete(key);
      // Another way to ask begins no other count.
      if (target?.rolloutAt !== watch.target.rolloutAt) continue;
      wanted.set(key, { ...target, before: this.#read(watch).tally });
    }
    for (const [key, target] of wanted) {
      const watch = this.#watches.get(key) ?? this.#begin(key, target);
      this.#keepUp(watch, target);
    }
  }

  stepBegun(step: Step): void {
    this.#steps.begun(step, this.#parts.clock.now());
  }

  stepEnded(step: Step): void {
    this.#steps.ended(step, this.#parts.clock.now());
  }

  [Symbol.dispose](): void {
    this.watch([]);
  }

  /** What nobody has watched since the rollout began, or since it was written down last, is told. */
  #begin(key: string, target: ProofTarget): Watch {
    const { rolloutAt, before, proof } = target;
    const now = this.#parts.clock.now();
    const tally = before ?? beginProof(rolloutAt);
    const isLate = now - tally.until > proof.intervalMs;
    const watch: Watch = {
      target,
      stop: new AbortController(),
      tally: watchedUntil(tally, now, !isLate),
      hasServed: tally.requests > 0,
      entrances: new Map(),
    };
    this.#watches.set(key, watch);
    return watch;
  }

  /** What an entrance that was asked once is asked from then on, as long as it is there. */
  #keepUp(watch: Watch, target: ProofTarget): void {
    this.#advance(watch);
    const there = new Set(target.entrances.map(({ url }) => url));
    for (const [url, entrance] of watch.entrances) {
      if (there.has(url)) continue;
      entrance.stop.abort();
      watch.entrances.delete(url);
    }
    for (const { url, isServing } of target.entrances) {
      if (!isServing || watch.entrances.has(url)) continue;
      const entrance: Asked = { url, stop: new AbortController(), askedAt: null };
      watch.entrances.set(url, entrance);
      watch.hasServed = true;
      void this.#askOnAndOn(watch, entrance);
    }
  }

  async #askOnAndOn(watch: Watch, entrance: Asked): Promise<void> {
    const { clock } = this.#parts;
    const signal = AbortSignal.any([watch.stop.signal, entrance.stop.signal]);
    while (!signal.aborted) {
      const startedAt = await this.#queue.add(() => this.#askOnce(watch, entrance, signal));
      const next = (startedAt ?? clock.now()) + watch.target.proof.intervalMs;
      await pause(clock, Math.max(0, next - clock.now()), signal);
    }
  }

  /** Gives the time from which the interval counts. */
  async #askOnce(watch: Watch, entrance: Asked, signal: AbortSignal): Promise<number> {
    const { clock, ask } = this.#parts;
    const { host, proof, application, service } = watch.target;
    const startedAt = clock.now();
    const { url } = entrance;
    const reason = signal.aborted ? null : await ask({ entrance: url, host, proof }, signal);
    if (signal.aborted) return startedAt;
    const at = clock.now();
    this.#advance(watch);
    // Whoever stood still did not hear the answer.
    if (at - startedAt > proof.timeoutMs + lateMs) return at;
    entrance.askedAt = startedAt;
    const during = reason === null ? '' : this.#steps.describe(application, startedAt);
    const failure = reason === null ? null : { at, service, entrance: url, reason, during };
    watch.tally = countRequest(watch.tally, at - startedAt, failure);
    if (failure !== null) this.#tell(at);
    return startedAt;
  }

  #tell(at: number): void {
    if (at - this.#toldAt < tellMs) return;
    this.#toldAt = at;
    this.#parts.onFailure();
  }

  #read(watch: Watch): ProofReading {
    this.#advance(watch);
    const { target, tally, entrances } = watch;
    const since = this.#steps.lastEndOf(target.application);
    const isWhole = [...entrances.values()].every(
      ({ askedAt }) => askedAt !== null && askedAt >= since,
    );
    return { rolloutAt: target.rolloutAt, tally, isWhole };
  }

  /**
   * Where requests once came in, and there is no entrance now, nobody watches; nor does a process that was stopped, or is on a
   * machine that slept.
   */
  #advance(watch: Watch): void {
    const now = this.#parts.clock.now();
    const { tally, entrances, hasServed, target } = watch;
    const { intervalMs, timeoutMs } = target.proof;
    const isAwake = now - tally.until <= intervalMs + timeoutMs + lateMs;
    const isWatched = entrances.size > 0 && isAwake;
    watch.tally = watchedUntil(tally, now, isWatched || !hasServed);
  }
}

interface Watch {
  readonly target: ProofTarget;
  readonly stop: AbortController;
  /** By URL. */
  readonly entrances: Map<string, Asked>;
  tally: ProofTally;
  /** Some instance has had requests since the rollout began. */
  hasServed: boolean;
}

interface Asked {
  readonly url: string;
  readonly stop: AbortController;
  /** When the last request that has ended was begun; null: none has. */
  askedAt: number | null;
}

/** What is written down of a rollout, and where it is asked, may change meanwhile. */
function isSame(before: ProofTarget, { rolloutAt, host, proof }: ProofTarget): boolean {
  const isOfIt = rolloutAt === before.rolloutAt && host === before.host;
  return isOfIt && isDeepStrictEqual(proof, before.proof);
}
