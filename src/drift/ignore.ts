import type { DesiredState } from '../model/desired.ts';
import { coversPath, neverIgnored } from '../model/drift-paths.ts';
import { matchesGlob } from '../model/glob.ts';
import type { IgnoreRule } from '../model/ignore-rule.ts';
import { isInForce } from '../model/ignore-rule.ts';

/** What a difference is a difference of. */
export interface DriftPlace {
  readonly application: string;
  readonly service: string;
  readonly host: string;
}

/** The first rule in force that takes in a difference, or null. */
export function ignoringRule(
  rules: readonly IgnoreRule[],
  place: DriftPlace,
  path: string,
  now: number,
): IgnoreRule | null {
  if (Object.hasOwn(neverIgnored, path)) return null;
  const rule = rules.find(
    (each) =>
      isInForce(each, now) &&
      matchesGlob(each.application, place.application) &&
      matchesGlob(each.service, place.service) &&
      matchesGlob(each.host, place.host) &&
      coversPath(each.path, path),
  );
  return rule ?? null;
}

/** The rules of a commit that have ended. */
export function expiredRules(desired: DesiredState, now: number): readonly IgnoreRule[] {
  const rules = [
    ...desired.fleet.driftIgnore,
    ...desired.applications.flatMap(({ driftIgnore }) => driftIgnore),
  ];
  return rules.filter((rule) => !isInForce(rule, now));
}
