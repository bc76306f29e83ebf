import { malformed, parsed, type Parsed } from './parsed.ts';

const mostPercent = 10_000;

/** A percentage that may be more than all: `70%`. */
export function parsePercentage(value: string | number): Parsed<number> {
  const match = /^(?<amount>\d{1,5})%$/.exec(String(value));
  const amount = Number(match?.groups?.['amount']);
  if (match === null || amount < 1 || amount > mostPercent) {
    return malformed(
      `"${value}" is not a percentage: expected a whole number with "%", from 1% to ${mostPercent}%`,
    );
  }
  return parsed(amount);
}
