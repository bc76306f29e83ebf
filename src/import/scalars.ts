/** Sizes and times as a person would write them, exact to the byte and the microsecond. */

const units = [
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['K', 2 ** 10],
] as const;

export function size(bytes: number | null | undefined): string | null {
  if (bytes === null || bytes === undefined) return null;
  const unit = units.find(([, each]) => bytes >= each && bytes % each === 0);
  return unit === undefined ? String(bytes) : `${bytes / unit[1]}${unit[0]}`;
}

export function time(ms: number | null): string | null {
  if (ms === null) return null;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  if (ms % 1_000 === 0) return `${ms / 1_000}s`;
  return Number.isInteger(ms) ? `${ms}ms` : `${Math.round(ms * 1_000)}us`;
}
