import { neighbours } from '../model/shared-slot.ts';
import { serviceKey } from './demand.ts';
import type { PlacedService } from './placed-service.ts';

/** What is there before a service is made: what it depends on, directly or through others. */
export interface Dependencies {
  /** By name, with all that is in them. */
  readonly applications: ReadonlySet<string>;
  /** Those of its own application: `shop/db`. */
  readonly services: ReadonlySet<string>;
}

/** Tells what services depend on. What is not among them counts for nothing. */
export function dependenciesAmong(
  all: readonly PlacedService[],
): (placed: PlacedService) => Dependencies {
  const services = new Map(all.map((placed) => [serviceKey(placed), placed]));
  const applications = new Map(
    all.map(({ application, dependsOn = [] }) => [application, dependsOn]),
  );
  const known = new Map<string, Dependencies>();
  return (placed) => {
    const key = serviceKey(placed);
    const before = known.get(key);
    if (before !== undefined) return before;
    const dependencies = {
      applications: reach(placed.dependsOn ?? [], (name) => applications.get(name) ?? []),
      services: reach(servicesBefore(placed), (name) => servicesBefore(services.get(name))),
    };
    known.set(key, dependencies);
    return dependencies;
  };
}

export function isAmong(
  { applications, services }: Dependencies,
  placed: Pick<PlacedService, 'application' | 'service'>,
): boolean {
  return applications.has(placed.application) || services.has(serviceKey(placed));
}

function servicesBefore(placed: PlacedService | undefined): readonly string[] {
  if (placed === undefined) return [];
  const { application, service } = placed;
  const named = service.dependsOn.map((dependency) => dependency.service);
  return [...named, ...neighbours(service)].map((name) => `${application}/${name}`);
}

/** All that is reached from some, in one step or more. */
function reach(
  first: readonly string[],
  next: (one: string) => readonly string[],
): ReadonlySet<string> {
  const reached = new Set(first);
  for (const one of reached) for (const further of next(one)) reached.add(further);
  return reached;
}
