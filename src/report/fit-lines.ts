const escape = '\u001b';
/** A colour, or one character. */
const token = new RegExp(`${escape}\\[[0-9;]*m|.`, 'gsu');
const control = /\p{Cc}/u;

/** Lines cut to the columns and rows of a terminal. The last row says how much is not shown. */
export function fitLines(
  lines: readonly string[],
  size: { readonly columns: number; readonly rows: number },
): readonly string[] {
  const { columns, rows } = size;
  const fits = lines.length <= rows;
  const shown = fits ? lines : lines.slice(0, Math.max(0, rows - 1));
  const left = lines.length - shown.length;
  const more = fits || rows < 1 ? [] : [`… ${left} more lines`];
  return [...shown, ...more].map((line) => cut(line, columns));
}

/** The first characters of a line, without counting its colours; those are ended where it is cut. */
function cut(line: string, columns: number): string {
  let room = columns;
  let kept = '';
  for (const [part] of line.matchAll(token)) {
    if (isColour(part)) {
      kept += part;
      continue;
    }
    if (room === 0) return kept.includes(escape) ? `${kept}${escape}[0m` : kept;
    room -= 1;
    // What an instance has logged must not move the cursor.
    kept += control.test(part) ? ' ' : part;
  }
  return kept;
}

/** Characters of a line that take a column each. */
export function visibleLength(line: string): number {
  return [...line.matchAll(token)].filter(([part]) => !isColour(part)).length;
}

function isColour(part: string): boolean {
  return part.length > 1 && part.startsWith(escape);
}
