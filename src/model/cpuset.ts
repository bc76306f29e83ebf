const mostCpus = 8_192;

/** A set of CPUs in its one spelling, with ranges and in order, such as `0-2,4`; null: it is none. */
export function canonicalCpuset(text: string): string | null {
  const cpus = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part);
    const first = Number(match?.[1] ?? -1);
    const last = Number(match?.[2] ?? first);
    if (first < 0 || last < first || last >= mostCpus) return null;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return rangesOf([...cpus].toSorted((a, b) => a - b));
}

function rangesOf(cpus: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const cpu of cpus) {
    const range = ranges.at(-1);
    if (range !== undefined && cpu === range.last + 1) range.last = cpu;
    else ranges.push({ first: cpu, last: cpu });
  }
  return ranges.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(',');
}
