import type { Phase, Spent } from './critical-path.ts';
import { activitiesOf, criticalPath, phases, sums } from './critical-path.ts';
import type { CallKind } from './engine-calls.ts';
import { middle } from './measure.ts';
import type { Versions } from './peers.ts';
import type { SideName } from './sides.ts';
import type { Roll, Trace, Workload } from './workload.ts';

/** One update that was measured. */
export interface Measurement {
  readonly side: SideName;
  readonly parallelism: number;
  readonly roll: Roll;
}

/** What `--json` prints. All figures are medians; times in milliseconds. */
export interface RolloutReport {
  readonly version: 1;
  readonly workload: Workload;
  readonly versions: Versions;
  readonly results: readonly Result[];
  /** Where our time goes. */
  readonly profile: readonly Profile[];
}

export interface Result {
  readonly parallelism: number;
  readonly side: SideName;
  readonly runs: number;
  readonly reachedMs: number;
  readonly returnedMs: number;
  /** Their time by ours, until the update is really through; and until the command says so. */
  readonly toOurs: number;
  readonly returnedToOurs: number;
  /** Cores of the machine that were busy just before. */
  readonly busyBefore: number;
  /** By kind; null for a side that does not run in this process. */
  readonly calls: CallsByKind | null;
}

export type CallsByKind = Readonly<
  Partial<Record<CallKind, { readonly count: number; readonly meanMs: number }>>
>;

export interface Profile {
  readonly parallelism: number;
  /** Over all slots. */
  readonly sums: Spent;
  /** Adds up to the whole time. */
  readonly criticalPath: Spent;
}

export function toReport(
  workload: Workload,
  measurements: readonly Measurement[],
  versions: Versions,
): RolloutReport {
  const groups = [...group(measurements).values()];
  const results = groups.map((list) => resultOf(list, oursBeside(list, groups)));
  const profile = groups.filter(([first]) => first?.side === 'ours').map((list) => profileOf(list));
  return { version: 1, workload, versions, results, profile };
}

function group(measurements: readonly Measurement[]): ReadonlyMap<string, readonly Measurement[]> {
  const groups = new Map<string, Measurement[]>();
  for (const measurement of measurements) {
    const key = `${measurement.parallelism} ${measurement.side}`;
    groups.set(key, [...(groups.get(key) ?? []), measurement]);
  }
  return groups;
}

function oursBeside(
  list: readonly Measurement[],
  groups: readonly (readonly Measurement[])[],
): number {
  const parallelism = list[0]?.parallelism;
  const ours = groups.find(
    ([first]) => first?.side === 'ours' && first.parallelism === parallelism,
  );
  return median(ours ?? [], ({ reachedMs }) => reachedMs);
}

function resultOf(list: readonly Measurement[], oursMs: number): Result {
  const [first] = list;
  if (first === undefined) throw new Error('A group has a measurement');
  const reachedMs = median(list, (roll) => roll.reachedMs);
  const returnedMs = median(list, (roll) => roll.returnedMs);
  return {
    parallelism: first.parallelism,
    side: first.side,
    runs: list.length,
    reachedMs,
    returnedMs,
    toOurs: reachedMs / oursMs,
    returnedToOurs: returnedMs / oursMs,
    busyBefore: median(list, (roll) => roll.busyBefore),
    calls: callsOf(list),
  };
}

function callsOf(list: readonly Measurement[]): CallsByKind | null {
  const traces = tracesOf(list);
  if (traces.length === 0) return null;
  const kinds = new Set(traces.flatMap(({ calls }) => calls.map(({ kind }) => kind)));
  const entries = [...kinds].map((kind) => {
    const each = traces.map(({ calls }) => calls.filter((call) => call.kind === kind));
    const spent = each.flat().map(({ startMs, endMs }) => endMs - startMs);
    const meanMs = spent.reduce((sum, ms) => sum + ms, 0) / spent.length;
    return [kind, { count: middle(each.map(({ length }) => length)), meanMs }] as const;
  });
  return Object.fromEntries(entries);
}

function profileOf(list: readonly Measurement[]): Profile {
  const traces = tracesOf(list);
  const all = traces.map((trace) => sums(activitiesOf(trace)));
  const paths = traces.map((trace) => {
    return criticalPath(activitiesOf(trace), trace.begin, trace.end);
  });
  return {
    parallelism: list[0]?.parallelism ?? Number.NaN,
    sums: mean(all),
    criticalPath: mean(paths),
  };
}

/** Means and not medians, so that the parts still add up to a whole. */
function mean(all: readonly Spent[]): Spent {
  const of = (phase: Phase): number =>
    all.reduce((sum, spent) => sum + spent[phase], 0) / all.length;
  return Object.fromEntries(phases.map((phase) => [phase, of(phase)])) as Record<Phase, number>;
}

function tracesOf(list: readonly Measurement[]): readonly Trace[] {
  return list.flatMap(({ roll }) => (roll.trace === null ? [] : [roll.trace]));
}

function median(list: readonly Measurement[], of: (roll: Roll) => number): number {
  return middle(list.map(({ roll }) => of(roll)));
}
