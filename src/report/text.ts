import { formatBytes } from '../model/format-bytes.ts';

/** Width for which text output is laid out. */
const pageWidth = 80;

/** Breaks text at spaces; every line begins with `indent`, and the first with `first` in its place. */
export function wrap(text: string, indent: string, first = indent, width = pageWidth): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const room = width - (lines.length === 0 ? first.length : indent.length);
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((text, index) => `${index === 0 ? first : indent}${text}`).join('\n');
}

/** Columns side by side, two spaces apart; the last one is not padded. */
export function columns(rows: readonly (readonly string[])[], indent = ''): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    }
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}

/** A text of somebody else, line by line and set off from ours. */
export function quote(text: string): readonly string[] {
  return text.split('\n').map((line) => `  | ${line}`.trimEnd());
}

/** `1 step`, `2 steps`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** `file:line:column`, as editors and terminals read it. */
export function formatPosition(position: {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}): string {
  return `${position.file}:${position.line}:${position.column}`;
}

/** `340 ms`, `2.4 s`, `3 min 20 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** A span in whole seconds: `0 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What is left until a time; `now` when it has come. */
export function formatCountdown(ms: number): string {
  return ms <= 0 ? 'now' : formatSpan(ms);
}

/** A value as a person reads it: nothing is `–`, a list is joined. */
function formatValue(value: string | number | boolean | null | readonly string[]): string {
  if (value === null) return '–';
  if (typeof value === 'object') return value.length === 0 ? '[]' : value.join(' ');
  return value === '' ? '""' : String(value);
}

/** A value of the field at `path`, with its unit: `64 MiB`, `0.5`, `10s`. */
export function formatField(
  path: string,
  value: string | number | boolean | null | readonly string[],
): string {
  if (typeof value !== 'number') return formatValue(value);
  if (path.endsWith('.memory')) return formatBytes(value);
  if (path.endsWith('.cpus')) return String(value / 1e9);
  if (/(interval|timeout|period)$/.test(path)) return formatDuration(value);
  return String(value);
}
