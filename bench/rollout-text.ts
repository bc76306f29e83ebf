import { phases } from './critical-path.ts';
import type { Profile, Result, RolloutReport } from './rollout-report.ts';
import type { SideName } from './sides.ts';

const names: Readonly<Record<SideName, string>> = {
  ours: 'fleetwright sync, in this process',
  bare: 'bare sequence of API calls',
  swarm: 'docker service update',
  compose: 'docker-compose up -d',
};

/** The report as a person reads it. */
export function renderReport(report: RolloutReport): string {
  const lines = [
    ...head(report),
    '',
    ...table(
      ['at once', 'by', 'through', '× ours', 'returned', '× ours', 'runs', 'calls', 'busy'],
      report.results.map(resultRow),
    ),
    '',
    ...notes(report),
    '',
    'Engine calls by kind, number and mean time:',
    '',
    ...table(['at once', 'by', 'calls'], report.results.flatMap(callsRow), 3),
    '',
    'Where our time goes, ms over all slots | share of the whole time on the critical path:',
    '',
    ...profileTable(report.profile),
  ];
  return `${lines.join('\n')}\n`;
}

function head({ workload, versions }: RolloutReport): readonly string[] {
  const { replicas, gate } = workload;
  const { engine, docker, compose, cores } = versions;
  const how =
    gate.kind === 'healthcheck'
      ? `HEALTHCHECK "testapp check /ready" every ${gate.intervalMs} ms, the same in every container`
      : `HTTP GET /ready every ${gate.intervalMs} ms for us and the bare sequence; the others wait for the start alone`;
  return [
    `Rolling update of ${replicas} replicas, start-first, on one engine; medians, round robin`,
    `gate: ${how}`,
    `engine ${engine}, docker ${docker}, docker-compose ${compose}, ${cores} cores`,
  ];
}

function notes({ workload }: RolloutReport): readonly string[] {
  return [
    'through: every replica is of the new version and ready, and none of the old one runs. returned: the command ended.',
    'busy: cores of the machine in use just before, by the checks of the old replicas and whatever else it does.',
    'swarm: --update-monitor 1ns, --update-delay 0s, a bridge network as all sides have; a swarm stops an old task some',
    '3 s after it was told to (a fixed delay of its agent), and its command does not wait for that.',
    'compose: it stops each old replica before it makes the new one, so it has an outage, and does not wait for readiness.',
    'ours: without the start of Node; the commands of the others with theirs.',
    ...(workload.gate.kind === 'probe'
      ? [
          'swarm and compose cannot probe: here they update without knowing whether a replica is ready.',
        ]
      : []),
  ];
}

function resultRow(result: Result): readonly string[] {
  const {
    parallelism,
    side,
    runs,
    reachedMs,
    returnedMs,
    toOurs,
    returnedToOurs,
    calls,
    busyBefore,
  } = result;
  const count = calls === null ? '' : sumOf(Object.values(calls).map((call) => call.count));
  return [
    parallelism === 0 ? 'all' : String(parallelism),
    names[side],
    `${reachedMs.toFixed(0)} ms`,
    toOurs.toFixed(2),
    `${returnedMs.toFixed(0)} ms`,
    returnedToOurs.toFixed(2),
    String(runs),
    String(count),
    busyBefore.toFixed(1),
  ];
}

function callsRow({ parallelism, side, calls }: Result): readonly (readonly string[])[] {
  if (calls === null) return [];
  const kinds = Object.entries(calls).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = kinds.map(([kind, { count, meanMs }]) => `${kind} ${count} × ${meanMs.toFixed(1)}`);
  return [[parallelism === 0 ? 'all' : String(parallelism), side, text.join(', ')]];
}

function profileTable(profiles: readonly Profile[]): readonly string[] {
  const header = [
    'phase',
    ...profiles.map(({ parallelism }) => (parallelism === 0 ? 'all' : String(parallelism))),
  ];
  const rows = phases.map((phase) => [
    phase,
    ...profiles.map(({ sums, criticalPath }) => {
      const whole = sumOf(Object.values(criticalPath));
      const share = (100 * criticalPath[phase]) / whole;
      return `${sums[phase].toFixed(0)} | ${share.toFixed(1)} %`;
    }),
  ]);
  return table(header, rows, 1);
}

/** Columns of equal width; the first `left` ones are flush left. */
function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  left = 2,
): readonly string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < left ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
