const units = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
] as const;

/** A size in bytes, exact, in the largest unit of which it is a whole number: `2 GiB`, `1536 MiB`, `100 B`. */
export function formatBytes(bytes: number): string {
  const unit = units.find(([size]) => bytes >= size && bytes % size === 0);
  return unit === undefined ? `${bytes} B` : `${bytes / unit[0]} ${unit[1]}`;
}

/** A size in bytes, rounded to a tenth of the largest unit that is not too large: `31.2 GiB`. */
export function roundBytes(bytes: number): string {
  const unit = units.find(([size]) => bytes >= size);
  return unit === undefined
    ? `${bytes} B`
    : `${Math.round((bytes / unit[0]) * 10) / 10} ${unit[1]}`;
}
