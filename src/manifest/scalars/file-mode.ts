import { malformed, parsed, type Parsed } from './parsed.ts';

const maxMode = 0o7777;

/**
 * The permission bits of a file. A text is octal, with or without a leading zero; a number stands for itself, since
 * the YAML reader has already taken an unquoted `0440` as octal.
 */
export function parseFileMode(value: string | number): Parsed<number> {
  const mode = typeof value === 'number' ? value : octal(value);
  if (!Number.isInteger(mode) || mode < 0 || mode > maxMode) {
    return malformed(`"${value}" is not a file mode: expected octal digits such as 0444`);
  }
  return parsed(mode);
}

function octal(text: string): number {
  return /^(?:0o)?[0-7]{1,6}$/.test(text) ? Number.parseInt(text.replace('0o', ''), 8) : Number.NaN;
}
