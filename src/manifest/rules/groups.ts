import type { ApplicationSpec } from '../../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../../model/diagnostic.ts';
import type { FleetSpec } from '../../model/fleet.ts';
import { groupKey } from '../../model/host-attribute.ts';
import { didYouMean } from '../suggest.ts';

/** Constraints on groups that fleet.yaml does not name, by application. */
export function judgeGroups(
  applications: readonly ApplicationSpec[],
  { groups = [] }: Pick<FleetSpec, 'groups'>,
): ReadonlyMap<string, readonly Diagnostic[]> {
  const known = new Set(groups.map((name) => name.toLowerCase()));
  const judged = applications.map(({ name: application, services }) => {
    const unknown = services.flatMap(({ name, constraints }) =>
      constraints
        .filter(({ key, value }) => key === groupKey && !known.has(value.toLowerCase()))
        .map(({ value, origin }) => {
          const message = `no group of hosts is named "${value}"${didYouMean(value, groups)}`;
          const path = `services.${name}.deploy.placement.constraints`;
          const hint = 'Correct the name, or add it to groups of fleet.yaml';
          return diagnosticAt(origin, path, 'unknown-group', message, { hint });
        }),
    );
    return [application, unknown] as const;
  });
  return new Map(judged.filter(([, unknown]) => unknown.length > 0));
}
