import { inertCode } from './inert-code.ts';

/** A Markdown table; none without rows. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  if (rows.length === 0) return [];
  return [heads, heads.map(() => '---'), ...rows].map(row);
}

/** A text of others in a cell. */
export function cell(text: string): string {
  return text === '' ? '' : inertCode(text);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
