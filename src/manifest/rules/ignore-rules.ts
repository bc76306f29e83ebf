import { canTakeIn, driftPaths, neverIgnored } from '../../model/drift-paths.ts';
import { child, complain, readText, type Cursor } from '../cursor.ts';
import { olderKeys } from '../resolve/older-keys.ts';
import { rulesBelow } from '../resolve/ignore-rules.ts';
import { suggest } from '../suggest.ts';
import type { Rule } from './rule.ts';

/** Every rule that leaves a difference alone can meet one. */
export const ignoreRulesAreWellFormed: Rule = ({ root, services }) => {
  for (const owner of [root, ...services.values()]) rulesBelow(owner).forEach(judgeIgnoreRule);
};

/** Judges what a rule takes in. */
export function judgeIgnoreRule(rule: Cursor): void {
  const at = child(rule, 'path');
  const path = readText(at);
  if (path === null || canTakeIn(path)) return;
  const why = neverIgnored[path];
  if (why !== undefined) {
    return complain(at, 'cannot-ignore', `"${path}" cannot be left alone: ${why}`);
  }
  const meant = meantPath(path);
  const slip = meant === undefined ? '' : ` (did you mean "${meant}"?)`;
  complain(
    at,
    'unknown-path',
    `no drift is ever reported at "${path}"${slip}`,
    'Write the path as the drift report shows it, such as deploy.resources.limits.memory or environment.NAME',
  );
}

/** Drift goes by the newer of two keys; and a slip is in the first word, or anywhere in a path without a name in it. */
function meantPath(path: string): string | undefined {
  const newer = Object.entries(olderKeys).find(([, older]) => older.includes(path))?.[0];
  if (newer !== undefined) return newer;
  const whole = suggest(path, driftPaths);
  if (whole !== undefined && !whole.includes('*')) return whole;
  const [first = '', ...rest] = path.split('.');
  const firsts = new Set(driftPaths.map((known) => known.split('.')[0] ?? ''));
  const word = suggest(first, firsts);
  const guess = word === undefined ? undefined : [word, ...rest].join('.');
  return guess !== undefined && canTakeIn(guess) ? guess : undefined;
}
