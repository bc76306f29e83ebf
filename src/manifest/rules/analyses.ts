import { child, complain, items, readNumber, readText, readWith, type Cursor } from '../cursor.ts';
import { readDuration } from '../resolve/duration.ts';
import { parseComparison } from '../scalars/comparison.ts';
import type { Rule } from './rule.ts';

const leastIntervalMs = 1_000;

/** Queries can be told apart, and are not asked without a pause; what is written for nobody is read all the same. */
export const analysesAreWellFormed: Rule = ({ root, services }) => {
  for (const place of [root, ...services.values()]) {
    judgeAnalysis(child(place, 'x-fleetwright', 'rollout', 'analysis'));
  }
};

function judgeAnalysis(analysis: Cursor): void {
  const interval = child(analysis, 'interval');
  if ((readDuration(interval) ?? leastIntervalMs) < leastIntervalMs) {
    complain(interval, 'invalid-value', '"interval" must be at least 1s');
  }
  const limit = child(analysis, 'failureLimit');
  if ((readNumber(limit) ?? 0) < 0) {
    complain(limit, 'invalid-value', '"failureLimit" must not be negative');
  }
  const names = new Set<string>();
  for (const query of items(child(analysis, 'queries'))) {
    const place = child(query, 'name');
    const name = readText(place) ?? '';
    if (names.has(name)) {
      const message = `two queries are named "${name}", and could not be told apart`;
      complain(place, 'duplicate-name', message, 'Give each a name of its own');
    }
    names.add(name);
    for (const key of ['pass', 'fail']) readWith(child(query, key), parseComparison);
  }
}
