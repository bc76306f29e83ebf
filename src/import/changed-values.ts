import type { ApplicationSpec } from '../model/application.ts';
import type { FleetSpec } from '../model/fleet.ts';

export interface AskedFor {
  readonly fleet: FleetSpec | null;
  readonly applications: readonly ApplicationSpec[];
}

/** Where something is written, and what follows from the rest: neither is a value of its own. */
const derived: ReadonlySet<string> = new Set(['origin', 'origins', 'hash']);

/** Paths of the values in which two desired states differ: what one changed line of a file comes to. */
export function changedValues(before: AskedFor, after: AskedFor): readonly string[] {
  return [
    ...changedIn(before.fleet, after.fleet, 'fleet'),
    ...changedIn(byName(before.applications), byName(after.applications), ''),
  ];
}

function byName(applications: readonly ApplicationSpec[]): object {
  return Object.fromEntries(
    applications.map(({ name, services, ...rest }) => [
      name,
      { ...rest, ...Object.fromEntries(services.map((service) => [service.name, service])) },
    ]),
  );
}

function changedIn(before: unknown, after: unknown, path: string): readonly string[] {
  if (Object.is(before, after)) return [];
  const [old, fresh] = [membersOf(before), membersOf(after)];
  if (old === null || fresh === null) return [path];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])];
  return keys
    .filter((key) => !derived.has(key))
    .flatMap((key) =>
      changedIn(old.get(key), fresh.get(key), path === '' ? key : `${path}.${key}`),
    );
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  return value instanceof Map ? value : new Map(Object.entries(value));
}
