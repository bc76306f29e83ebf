import { isDeepStrictEqual } from 'node:util';

import { pause } from '../fleet/deadline.ts';
import type { Clock } from '../model/clock.ts';
import type { ContainerId } from '../model/names.ts';
import type { ProbeResult } from '../model/readiness.ts';
import type { ProbeAnswer, ProbeTarget, Probing } from './probe.ts';

export interface ProberParts {
  /** Called when an answer differs from the one before it, is the first, or is the one that a gate has waited for. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly probe: Probing;
}

/** Probes instances on probation from the operator, each at its own interval. */
export class Prober implements Disposable {
  readonly #parts: ProberParts;
  readonly #watches = new Map<ContainerId, Watch>();
  readonly #results = new Map<ContainerId, ProbeResult>();

  constructor(parts: ProberParts) {
    this.#parts = parts;
  }

  results(): ReadonlyMap<ContainerId, ProbeResult> {
    return this.#results;
  }

  /** Probes these from now on, and nothing else. */
  watch(targets: readonly ProbeTarget[]): void {
    const wanted = new Map(targets.map((target) => [target.container, target]));
    for (const [container, watch] of this.#watches) {
      const target = wanted.get(container);
      if (target !== undefined && isSame(watch.target, target)) continue;
      watch.stop.abort();
      this.#watches.delete(container);
      this.#results.delete(container);
    }
    for (const target of targets) {
      if (!this.#watches.has(target.container)) this.#begin(target);
    }
  }

  [Symbol.dispose](): void {
    this.watch([]);
  }

  #begin(target: ProbeTarget): void {
    const watch: Watch = { target, stop: new AbortController(), okSince: null, isDue: false };
    this.#watches.set(target.container, watch);
    void this.#probeUntilStopped(watch);
  }

  async #probeUntilStopped(watch: Watch): Promise<void> {
    const { clock, probe } = this.#parts;
    const { target, stop } = watch;
    while (!stop.signal.aborted) {
      const answer = await probe(target, stop.signal);
      if (stop.signal.aborted) return;
      this.#note(watch, answer);
      await pause(clock, restMs(watch, answer, clock.now()), stop.signal);
    }
  }

  #note(watch: Watch, { ok, detail }: ProbeAnswer): void {
    const { container, startedAt, minHealthyTimeMs } = watch.target;
    const at = this.#parts.clock.now();
    const before = this.#results.get(container);
    this.#results.set(container, { startedAt, ok, detail, at });
    watch.okSince = ok ? (watch.okSince ?? at) : null;
    const wasDue = watch.isDue;
    watch.isDue = watch.okSince !== null && at >= watch.okSince + minHealthyTimeMs;
    const isAwaited = watch.isDue && !wasDue;
    if (isAwaited || before?.ok !== ok || before.detail !== detail) this.#parts.onChange();
  }
}

interface Watch {
  readonly target: ProbeTarget;
  readonly stop: AbortController;
  /** Since when every answer was good; null: the last one was not. */
  okSince: number | null;
  /** Answers have been good for as long as the gate asks. */
  isDue: boolean;
}

/** The pause before the next question: shorter where nothing listens yet, and so that one falls on the end of the gate. */
function restMs({ target, okSince, isDue }: Watch, answer: ProbeAnswer, now: number): number {
  if (!answer.isListening) return eagerMs(target);
  const { intervalMs } = target.probe;
  if (okSince === null || isDue) return intervalMs;
  return Math.min(intervalMs, Math.max(1, okSince + target.minHealthyTimeMs - now));
}

/** Where nothing listens yet, asking more often costs the application nothing and finds the moment when it does. */
function eagerMs(target: ProbeTarget): number {
  return Math.min(target.probe.intervalMs, 50);
}

function isSame(a: ProbeTarget, b: ProbeTarget): boolean {
  return isDeepStrictEqual(a, b);
}
