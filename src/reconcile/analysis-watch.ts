import { isDeepStrictEqual } from 'node:util';

import { pause } from '../fleet/deadline.ts';
import type { AnalysisMap, AnalysisQuery, AnalysisTarget, QueryRecord } from '../model/analysis.ts';
import { analysisKey, countMeasurement } from '../model/analysis.ts';
import type { Clock } from '../model/clock.ts';
import type { AskPrometheus } from './ask-prometheus.ts';

interface AnalysisWatchParts {
  readonly clock: Clock;
  readonly ask: AskPrometheus;
  /** Called when something was measured. */
  readonly onChange: () => void;
}

/** Measures what is to be known of canaries before they go on, each at its own interval. */
export class AnalysisWatch implements Disposable {
  readonly #parts: AnalysisWatchParts;
  readonly #watches = new Map<string, Watch>();

  constructor(parts: AnalysisWatchParts) {
    this.#parts = parts;
  }

  /**
   * What is known by now.
   *
   * @param url of the Prometheus that is believed; absent: there is none
   */
  readings(url: string | undefined): AnalysisMap {
    const asked = [...this.#watches].filter(([, watch]) => watch.url === url);
    const entries = asked.map(([key, { target, queries }]) => {
      return [key, { target, queries: new Map(queries) }] as const;
    });
    return new Map(entries);
  }

  /**
   * Measures these from now on, and no others.
   *
   * @param url of the Prometheus; absent: there is nobody to ask
   */
  watch(targets: readonly AnalysisTarget[], url: string | undefined): void {
    const wanted = new Map(targets.map((target) => [analysisKey(target), target]));
    for (const [key, { target, url: before, stop }] of this.#watches) {
      if (url === before && isDeepStrictEqual(wanted.get(key), target)) continue;
      stop.abort();
      this.#watches.delete(key);
    }
    if (url === undefined) return;
    for (const [key, target] of wanted) {
      if (this.#watches.has(key)) continue;
      const watch = { target, url, stop: new AbortController(), queries: new Map() };
      this.#watches.set(key, watch);
      void this.#measureOnAndOn(watch);
    }
  }

  /** After this process stood still: what was measured before says nothing about the time that nobody looked. */
  beginAnew(): void {
    this.watch([], undefined);
  }

  [Symbol.dispose](): void {
    this.watch([], undefined);
  }

  async #measureOnAndOn(watch: Watch): Promise<void> {
    const { clock, onChange } = this.#parts;
    const { analysis } = watch.target;
    const { signal } = watch.stop;
    for (;;) {
      await pause(clock, analysis.intervalMs, signal);
      if (signal.aborted) return;
      await Promise.all(analysis.queries.map((query) => this.#measure(watch, query)));
      if (signal.aborted) return;
      onChange();
    }
  }

  async #measure({ url, stop, queries }: Watch, query: AnalysisQuery): Promise<void> {
    const reading = await this.#parts.ask({ url, query: query.query }, stop.signal);
    queries.set(query.name, countMeasurement(queries.get(query.name), query, reading));
  }
}

interface Watch {
  readonly target: AnalysisTarget;
  readonly url: string;
  readonly stop: AbortController;
  /** By the name of the query. */
  readonly queries: Map<string, QueryRecord>;
}
