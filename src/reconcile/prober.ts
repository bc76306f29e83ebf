import { isDeepStrictEqual } from 'node:util';

import { pause } from '../fleet/deadline.ts';
import type { Clock } from '../model/clock.ts';
import type { ContainerId } from '../model/names.ts';
import type { ProbeResult } from '../model/readiness.ts';
import type { ProbeAnswer, ProbeTarget, Probing } from './probe.ts';

export interface ProberParts {
  /** Called when an answer differs from the one before it, or is the first. */
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
    const watch = { target, stop: new AbortController() };
    this.#watches.set(target.container, watch);
    void this.#probeUntilStopped(watch);
  }

  async #probeUntilStopped({ target, stop }: Watch): Promise<void> {
    const { clock, probe } = this.#parts;
    while (!stop.signal.aborted) {
      const answer = await probe(target, stop.signal);
      if (stop.signal.aborted) return;
      this.#note(target, answer);
      const restMs = answer.isListening ? target.probe.intervalMs : eagerMs(target);
      await pause(clock, restMs, stop.signal);
    }
  }

  #note({ container, startedAt }: ProbeTarget, { ok, detail }: ProbeAnswer): void {
    const before = this.#results.get(container);
    this.#results.set(container, { startedAt, ok, detail, at: this.#parts.clock.now() });
    if (before?.ok !== ok || before.detail !== detail) this.#parts.onChange();
  }
}

interface Watch {
  readonly target: ProbeTarget;
  readonly stop: AbortController;
}

/** Where nothing listens yet, asking more often costs the application nothing and finds the moment when it does. */
function eagerMs(target: ProbeTarget): number {
  return Math.min(target.probe.intervalMs, 50);
}

function isSame(a: ProbeTarget, b: ProbeTarget): boolean {
  return isDeepStrictEqual(a, b);
}
