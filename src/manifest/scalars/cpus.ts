import { malformed, parsed, type Parsed } from './parsed.ts';

const grammar = /^(?:\d+(?:\.\d*)?|\.\d+)$/;

/** More CPUs than any host has; keeps the product below an exact integer. */
const maxCpus = 1_000_000;

/** A number of CPUs, `1.5`, in billionths of one. */
export function parseCpus(value: string | number): Parsed<number> {
  const cpus = typeof value === 'number' ? value : grammar.test(value) ? Number(value) : Number.NaN;
  if (!(cpus >= 0 && cpus <= maxCpus)) {
    return malformed(`"${value}" is not a number of CPUs: expected a decimal such as 0.5`);
  }
  return parsed(Math.round(cpus * 1e9));
}
