import { malformed, parsed, type Parsed } from './parsed.ts';

const nanosecondsPer: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
  ['d', 86_400_000_000_000n],
  ['w', 604_800_000_000_000n],
]);

const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/y;

/** Longer texts are no durations a person writes; the bound keeps the exact arithmetic below cheap. */
const maxLength = 100;

/**
 * A duration as Go writes it, with days and weeks: `1h30m`, `1.5s`, `100us`, `1w2d`, `0`. The value is in whole
 * milliseconds; a fraction of one is rounded away from zero, so that `100us` does not turn into "none".
 */
export function parseDuration(text: string): Parsed<number> {
  const signed = /^[-+]/.test(text);
  const body = signed ? text.slice(1) : text;
  if (body === '0') return parsed(0);
  const nanoseconds = body.length > maxLength ? null : sumOfParts(body);
  if (nanoseconds === null) {
    return malformed(
      `"${shorten(text)}" is not a duration: expected numbers with units (ns, us, ms, s, m, h, d, w), such as 1m30s`,
    );
  }
  const milliseconds = Number((nanoseconds + 999_999n) / 1_000_000n);
  if (!Number.isSafeInteger(milliseconds)) {
    return malformed(`"${text}" is not a duration: it is too long`);
  }
  return parsed(text.startsWith('-') && milliseconds !== 0 ? -milliseconds : milliseconds);
}

function sumOfParts(body: string): bigint | null {
  if (body === '') return null;
  let sum = 0n;
  part.lastIndex = 0;
  for (let end = 0; end < body.length; end = part.lastIndex) {
    const match = part.exec(body);
    if (match === null) return null;
    sum += nanoseconds(match[1] ?? '', match[2] ?? '');
  }
  return sum;
}

function nanoseconds(number: string, unit: string): bigint {
  const [whole = '', fraction = ''] = number.split('.');
  const scale = 10n ** BigInt(fraction.length);
  return (BigInt(whole + fraction) * (nanosecondsPer.get(unit) ?? 0n)) / scale;
}

function shorten(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}
