import type { QueryReading } from './autoscale.ts';

/** What is measured while canaries are watched, and what it has to be before they go on. */
export interface AnalysisSpec {
  readonly queries: readonly AnalysisQuery[];
  /** Between two measurements, and before the first one of a step. */
  readonly intervalMs: number;
  /** Measurements of one query that may fail in one step. */
  readonly failureLimit: number;
}

/** A query to the Prometheus of fleet.yaml. */
export interface AnalysisQuery {
  readonly name: string;
  /** Its result is one number. */
  readonly query: string;
  readonly pass: Comparison;
  /** Null: what does not pass has failed. */
  readonly fail: Comparison | null;
}

export interface Comparison {
  readonly operator: '<' | '<=' | '>' | '>=';
  readonly number: number;
}

function holds(value: number, { operator, number }: Comparison): boolean {
  switch (operator) {
    case '<':
      return value < number;
    case '<=':
      return value <= number;
    case '>':
      return value > number;
    case '>=':
      return value >= number;
  }
}

/** `< 0.01`. */
export function comparisonInWords({ operator, number }: Comparison): string {
  return `${operator} ${number}`;
}

/** Passed, failed, neither, or not known. */
export type MeasurementVerdict = 'pass' | 'fail' | 'inconclusive' | 'unknown';

/** What both comparisons take in has failed. */
export function verdictOf(
  { pass, fail }: AnalysisQuery,
  reading: QueryReading,
): MeasurementVerdict {
  if (reading.kind === 'unread') return 'unknown';
  const { value } = reading;
  if (fail === null) return holds(value, pass) ? 'pass' : 'fail';
  if (holds(value, fail)) return 'fail';
  return holds(value, pass) ? 'pass' : 'inconclusive';
}

/** What is to be measured while the canaries of one step are watched. */
export interface AnalysisTarget {
  readonly application: string;
  readonly service: string;
  /** When the watch over them began, in milliseconds since the epoch: another one is measured anew. */
  readonly since: number;
  readonly analysis: AnalysisSpec;
}

/** What one query gave in one step. */
export interface QueryRecord {
  readonly measured: number;
  readonly failed: number;
  readonly last: QueryReading;
}

/** What was measured in one step. Kept in memory: losing it only costs the time until it is measured again. */
export interface AnalysisReading {
  readonly target: AnalysisTarget;
  /** By the name of the query; one that was not asked yet is not in it. */
  readonly queries: ReadonlyMap<string, QueryRecord>;
}

/** By analysisKey(). */
export type AnalysisMap = ReadonlyMap<string, AnalysisReading>;

export function analysisKey({
  application,
  service,
}: Pick<AnalysisTarget, 'application' | 'service'>): string {
  return `${application}/${service}`;
}

export function countMeasurement(
  before: QueryRecord | undefined,
  query: AnalysisQuery,
  last: QueryReading,
): QueryRecord {
  const failed = verdictOf(query, last) === 'fail' ? 1 : 0;
  const known = last.kind === 'read' ? 1 : 0;
  return {
    measured: (before?.measured ?? 0) + known,
    failed: (before?.failed ?? 0) + failed,
    last,
  };
}
