import type { AnalysisQuery, AnalysisSpec, Comparison } from '../../model/analysis.ts';
import { child, isPresent, items, readNumber, readText, readWith, type Cursor } from '../cursor.ts';
import { parseComparison } from '../scalars/comparison.ts';
import type { Subject } from '../subject.ts';
import { readDuration } from './duration.ts';
import { rolloutKey } from './rollout-key.ts';

const defaultIntervalMs = 30_000;

/** What is measured of canaries of a service: `x-fleetwright.rollout.analysis`. Null: nothing. */
export function resolveAnalysis(subject: Subject, service: Cursor): AnalysisSpec | null {
  const cursor = rolloutKey(subject, service, 'analysis');
  if (!isPresent(cursor)) return null;
  return {
    queries: items(child(cursor, 'queries')).map(resolveQuery),
    intervalMs: readDuration(child(cursor, 'interval')) ?? defaultIntervalMs,
    failureLimit: readNumber(child(cursor, 'failureLimit')) ?? 0,
  };
}

function resolveQuery(query: Cursor): AnalysisQuery {
  return {
    name: readText(child(query, 'name')) ?? '',
    query: readText(child(query, 'query')) ?? '',
    pass: readComparison(child(query, 'pass')) ?? unreadable,
    fail: readComparison(child(query, 'fail')),
  };
}

function readComparison(cursor: Cursor): Comparison | null {
  return readWith(cursor, parseComparison);
}

/** A manifest that lacks one is refused. */
const unreadable: Comparison = { operator: '<', number: 0 };
