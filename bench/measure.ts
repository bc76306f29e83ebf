/** One measurement: wall time and number of Engine calls. */
export interface Measured {
  readonly ms: number;
  readonly calls: number;
}

/** The median of each figure by itself. */
export function median(measured: readonly Measured[]): Measured {
  return {
    ms: middle(measured.map(({ ms }) => ms)),
    calls: middle(measured.map(({ calls }) => calls)),
  };
}

/** The middle one of the numbers; the upper one of the two in the middle. */
export function middle(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Rows of a name, our figure and the one it is compared with; the ratio is ours to theirs. */
export function printTable(
  title: string,
  rows: readonly (readonly [string, Measured, Measured])[],
): void {
  const lines = rows.map(([name, ours, bare]) =>
    [
      name.padEnd(16),
      `${ours.ms.toFixed(0)} ms`.padStart(9),
      `${bare.ms.toFixed(0)} ms`.padStart(9),
      `${(ours.ms / bare.ms).toFixed(2)} ×`.padStart(8),
      String(ours.calls).padStart(7),
      String(bare.calls).padStart(7),
    ].join('  '),
  );
  const head = ['', 'ours', 'bare', 'ratio', 'calls', 'bare'];
  const widths = [16, 9, 9, 8, 7, 7];
  const header = head.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  ');
  process.stdout.write(`${[title, '', header, ...lines].join('\n')}\n`);
}
