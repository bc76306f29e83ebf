import type { Comparison } from '../../model/analysis.ts';
import { malformed, parsed, type Parsed } from './parsed.ts';

/** A comparison with a number: `< 0.01`. */
export function parseComparison(value: string | number): Parsed<Comparison> {
  const match = /^(?<operator>[<>]=?) *(?<number>-?\d{1,15}(?:\.\d{1,15})?)$/.exec(
    String(value).trim(),
  );
  const operator = operators.find((one) => one === match?.groups?.['operator']);
  if (operator === undefined) {
    return malformed(
      `"${value}" is no comparison: expected <, <=, > or >= and a number, such as "< 0.01"`,
    );
  }
  return parsed({ operator, number: Number(match?.groups?.['number']) });
}

const operators = ['<', '<=', '>', '>='] as const;
