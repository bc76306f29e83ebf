import type { DesiredState } from '../model/desired.ts';
import type { DriftClass } from '../model/drift.ts';
import type { HealedClass, HealSetting } from '../model/heal-policy.ts';
import { healedClasses } from '../model/heal-policy.ts';

/** What the commit in force says of a class of drift in an application: its manifest before fleet.yaml; null: nothing. */
export function healSetting(
  { applications, fleet }: Pick<DesiredState, 'applications' | 'fleet'>,
  application: string,
  kind: DriftClass,
): HealSetting | null {
  if (!isHealed(kind)) return null;
  const own = applications.find(({ name }) => name === application)?.heal;
  return own?.[kind] ?? fleet.heal?.[kind] ?? null;
}

function isHealed(kind: DriftClass): kind is HealedClass {
  return healedClasses.some((each) => each === kind);
}
