import type { Share } from '../../model/application.ts';
import { malformed, parsed, type Parsed } from './parsed.ts';

/** A number of instances, or a percentage of those asked for: `2`, `25%`. */
export function parseShare(value: string | number): Parsed<Share> {
  const match = /^(?<amount>\d{1,9})(?<sign>%?)$/.exec(String(value));
  const amount = Number(match?.groups?.['amount']);
  const isPercent = match?.groups?.['sign'] === '%';
  if (match === null || (isPercent && amount > 100)) {
    return malformed(
      `"${value}" is not a share of the instances: expected a whole number, or a percentage from 0% to 100%`,
    );
  }
  return parsed(
    isPercent ? { kind: 'percent', percent: amount } : { kind: 'count', count: amount },
  );
}
