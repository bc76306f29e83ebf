import { malformed, parsed, type Parsed } from './parsed.ts';

/** Go's float, at most one space, and a unit; a unit is a power of 1024, whatever its spelling. */
const grammar = /^([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?) ?(?:b|(?<unit>[kmgtp])(?:b|ib)?)?$/i;

const units = ['k', 'm', 'g', 't', 'p'];

const maxInt64 = 2 ** 63;

/**
 * A size in bytes, by the rules of RAMInBytes (docker/go-units): `512m`, `1.5 GiB`, `64KB`. A number stands for itself
 * and may be -1 (no limit); a text may not be negative.
 */
export function parseBytes(value: string | number): Parsed<number> {
  if (typeof value === 'number') {
    return Number.isInteger(value) && value >= -1 ? parsed(value) : notASize(value);
  }
  const match = grammar.exec(value);
  if (match === null) return notASize(value);
  const unit = match.groups?.['unit']?.toLowerCase() ?? '';
  const bytes = Math.trunc(Number(match[1]) * 1024 ** (units.indexOf(unit) + 1));
  if (bytes < 0 || bytes >= maxInt64) return notASize(value);
  // Adding zero turns -0 into 0.
  return parsed(bytes + 0);
}

function notASize(value: string | number): Parsed<number> {
  return malformed(
    `"${value}" is not a size: expected a number of bytes with an optional unit (b, k, m, g, t, p), such as 512m`,
  );
}
