import type { ApplicationSpec } from '../model/application.ts';
import type { FleetSpec } from '../model/fleet.ts';

export interface AskedFor {
  readonly fleet: FleetSpec | null;
  readonly applications: readonly ApplicationSpec[];
}

/** Paths of the values in which two desired states differ: what one changed line of a file comes to. */
export function changedValues(before: AskedFor, after: AskedFor): readonly string[] {
  return [
    ...changedIn(before.fleet, after.fleet, 'fleet'),
    ...changedIn(byName(before.applications), byName(after.applications), ''),
  ];
}

function byName(applications: readonly ApplicationSpec[]): object {
  return Object.fromEntries(
    applications.map(({ services, ...rest }) => [
      rest.name,
      { ...rest, services: Object.fromEntries(services.map((service) => [service.name, service])) },
    ]),
  );
}

function changedIn(before: unknown, after: unknown, path: string): readonly string[] {
  if (Object.is(before, after)) return [];
  const [old, fresh] = [membersOf(before), membersOf(after)];
  if (old === null || fresh === null) return [path];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])];
  return keys
    .filter((key) => !isDerived(key, fresh))
    .flatMap((key) =>
      changedIn(old.get(key), fresh.get(key), path === '' ? key : `${path}.${key}`),
    );
}

/**
 * Where something is written, and what follows from the rest, is no value of its own. A name that a person has given, as of a
 * service or a variable, may be any of these words.
 */
function isDerived(key: string, owner: ReadonlyMap<string, unknown>): boolean {
  const members = membersOf(owner.get(key));
  switch (key) {
    case 'origin':
      return members?.has('line') === true && members.has('column');
    case 'origins':
      return members?.has('places') === true;
    case 'hash':
      return membersOf(owner.get('container')) !== null;
    default:
      return false;
  }
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  return value instanceof Map ? value : new Map(Object.entries(value));
}
