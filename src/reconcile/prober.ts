import { isDeepStrictEqual } from 'node:util';

import type { Probe } from '../model/application.ts';
import type { ContainerId } from '../model/names.ts';
import type { ProbeResult } from '../model/readiness.ts';
import type { ProbeAnswer } from './probe.ts';
import { probeHttp, probeTcp } from './probe.ts';

/** An instance whose readiness is asked for. */
export interface ProbeTarget {
  readonly container: ContainerId;
  readonly startedAt: number;
  readonly probe: Probe;
  readonly address: string;
  /** The published port behind the probe's; null when it is not known yet. */
  readonly port: number | null;
}

/** Probes instances on probation from the operator, each at its own interval. */
export class Prober implements Disposable {
  readonly #onChange: () => void;
  readonly #now: () => number;
  readonly #watches = new Map<ContainerId, Watch>();
  readonly #results = new Map<ContainerId, ProbeResult>();

  /** @param onChange called when an answer differs from the one before it, or is the first */
  constructor(onChange: () => void, now: () => number) {
    this.#onChange = onChange;
    this.#now = now;
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
    while (!stop.signal.aborted) {
      const answer = await ask(target, stop.signal);
      if (stop.signal.aborted) return;
      this.#note(target, answer);
      await pause(answer.isListening ? target.probe.intervalMs : eagerMs(target), stop.signal);
    }
  }

  #note({ container, startedAt }: ProbeTarget, { ok, detail }: ProbeAnswer): void {
    const before = this.#results.get(container);
    this.#results.set(container, { startedAt, ok, detail, at: this.#now() });
    if (before?.ok !== ok || before.detail !== detail) this.#onChange();
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

const notPublished: ProbeAnswer = {
  ok: false,
  isListening: false,
  detail: 'its port is not published',
};

function ask(target: ProbeTarget, signal: AbortSignal): Promise<ProbeAnswer> {
  const { probe, address, port } = target;
  if (port === null) return Promise.resolve(notPublished);
  return probe.kind === 'http'
    ? probeHttp(probe, address, port, signal)
    : probeTcp(probe, address, port, signal);
}

function isSame(a: ProbeTarget, b: ProbeTarget): boolean {
  return isDeepStrictEqual(a, b);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
