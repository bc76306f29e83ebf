import type { ChangeName, RequestSideName } from './request-sides.ts';

/** In milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** One change under load. */
export interface Change {
  readonly side: RequestSideName;
  readonly change: ChangeName;
  /** Until the side said that it was through. */
  readonly tookMs: number;
  readonly sent: number;
  readonly lost: number;
  readonly latency: Latency;
}

/** The same load on two ways. */
export interface Share {
  readonly direct: Latency;
  readonly proxy: Latency;
}

export interface RequestReport {
  readonly changes: readonly Change[];
  readonly shares: readonly Share[];
}

export function latencyOf(taken: readonly number[]): Latency {
  const sorted = taken.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

const widths = [10, 10, 9, 9, 7, 9, 9] as const;

export function renderRequests({ changes, shares }: RequestReport): string {
  const rows = changes.map(({ side, change, tookMs, sent, lost, latency }) => [
    side,
    change,
    `${(tookMs / 1000).toFixed(1)} s`,
    String(sent),
    String(lost),
    ms(latency.p50),
    ms(latency.p99),
  ]);
  const head = ['side', 'change', 'took', 'requests', 'lost', 'p50', 'p99'];
  const ways = shares.flatMap(({ direct, proxy }) => [
    `straight to an instance: p50 ${ms(direct.p50)}, p99 ${ms(direct.p99)}`,
    `through the proxy:       p50 ${ms(proxy.p50)}, p99 ${ms(proxy.p99)}`,
  ]);
  return `${[...[head, ...rows].map(line), '', ...ways].join('\n')}\n`;
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => {
      const width = widths[index] ?? 0;
      return index < 2 ? cell.padEnd(width) : cell.padStart(width);
    })
    .join('  ')
    .trimEnd();
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
