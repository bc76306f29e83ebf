import type { Run } from './simulation.ts';
import type { Counts } from './world.ts';
import { noCounts } from './world.ts';

/** How many of the last events of a failed run are shown. */
const shownEvents = 40;

/** What many runs come to. */
export class Tally {
  readonly counts: Counts = noCounts();
  readonly failed: number[] = [];
  runs = 0;

  add({ seed, violation, counts }: Pick<Run, 'seed' | 'violation' | 'counts'>): void {
    this.runs += 1;
    if (violation !== null) this.failed.push(seed);
    for (const key of Object.keys(counts) as (keyof Counts)[]) this.counts[key] += counts[key];
  }
}

const names: Readonly<Record<keyof Counts, string>> = {
  commits: 'commits',
  rollouts: 'rollouts',
  rollbacks: 'rollbacks',
  crashes: 'crashes of the operator',
  journalsLost: 'journals lost',
  partitions: 'partitions',
  hostsLost: 'hosts cut off',
  reboots: 'reboots',
  steps: 'steps',
  checks: 'invariant checks',
  events: 'events',
  virtualMs: 'virtual hours',
};

export function formatCounts(tally: Tally, tookMs: number): string {
  const rows = (Object.keys(names) as (keyof Counts)[]).map((key): [string, string] => {
    const value =
      key === 'virtualMs' ? Math.round(tally.counts[key] / 3_600_000) : tally.counts[key];
    return [names[key], value.toLocaleString('en')];
  });
  const seconds = (tookMs / 1_000).toFixed(1);
  const all: readonly (readonly [string, string])[] = [['seeds', String(tally.runs)], ...rows];
  const table = all.map(([name, value]) => `${name.padEnd(24)}${value.padStart(14)}`);
  const failed = tally.failed.toSorted((a, b) => a - b);
  const verdict =
    failed.length === 0
      ? `All invariants held, in ${seconds} s.`
      : `${failed.length} seeds broke an invariant, in ${seconds} s: ${failed.slice(0, 20).join(', ')}${failed.length > 20 ? ', …' : ''}`;
  return [...table, '', verdict].join('\n');
}

/** The end of a run that broke an invariant, and how to see it again. */
export function formatFailure({
  seed,
  violation,
  trace,
}: Pick<Run, 'seed' | 'violation' | 'trace'>): string {
  return [
    `seed ${seed} broke an invariant: ${violation ?? ''}`,
    ...trace.slice(-shownEvents),
    `Replay: npm run simulate -- --seed ${seed} --trace`,
  ].join('\n');
}
