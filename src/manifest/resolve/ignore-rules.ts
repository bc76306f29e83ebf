import type { IgnoreRule } from '../../model/ignore-rule.ts';
import { child, items, readText, readTextWith, type Cursor } from '../cursor.ts';
import { parseMoment } from '../scalars/moment.ts';
import type { Subject } from '../subject.ts';

/** The rules of an application, then those of its services. */
export function resolveIgnoreRules({ name, root, services }: Subject): readonly IgnoreRule[] {
  const own = rulesBelow(root).map((rule) => resolveIgnoreRule(rule, { application: name }));
  const ofServices = [...services].flatMap(([service, at]) =>
    rulesBelow(at).map((rule) => resolveIgnoreRule(rule, { application: name, service })),
  );
  return [...own, ...ofServices];
}

/** A rule that takes in what `within` says, or else what it says itself. */
export function resolveIgnoreRule(
  rule: Cursor,
  within: { readonly application?: string; readonly service?: string },
): IgnoreRule {
  const pattern = (key: string): string => readText(child(rule, key)) ?? '*';
  return {
    application: within.application ?? pattern('application'),
    service: within.service ?? pattern('service'),
    host: pattern('host'),
    path: readText(child(rule, 'path')) ?? '',
    reason: readText(child(rule, 'reason')) ?? '',
    until: readTextWith(child(rule, 'until'), parseMoment),
    origin: rule.origin,
  };
}

export function rulesBelow(owner: Cursor): readonly Cursor[] {
  return items(child(owner, 'x-fleetwright', 'drift', 'ignore'));
}
