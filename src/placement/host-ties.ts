import type { ServiceSpec } from '../model/application.ts';
import { groupBy } from '../model/group-by.ts';
import { neighbours } from '../model/shared-slot.ts';
import { versionsOf } from '../model/variants.ts';
import type { PlacedService } from './placed-service.ts';

/** The data of a service that is on its host, in words: a named volume or a folder of the host; null when it has none. */
function dataOnHost({ container }: Pick<ServiceSpec, 'container'>): string | null {
  for (const mount of container.mounts) {
    if (mount.type === 'bind') return `"${mount.source}" of the host`;
    if (mount.type === 'volume' && mount.source !== '') return `volume "${mount.source}"`;
  }
  return null;
}

/** The same of a service that has it on some host. */
export function dataOfVersions(service: ServiceSpec): string | null {
  return (
    versionsOf(service)
      .map(dataOnHost)
      .find((data) => data !== null) ?? null
  );
}

/**
 * Why the instances of services do not move by themselves, in words, by `application/service`. What shares something goes
 * where the other one goes, so that a tie of one of them ties them all. Who says after what time an instance is replaced
 * elsewhere says that it may be there.
 */
export function hostTies(services: readonly PlacedService[]): ReadonlyMap<string, string> {
  const ties = new Map<string, string>();
  // Nothing is shared between applications, of which there may be thousands.
  const applications = groupBy(services, ({ application }) => application);
  const tie = (placed: PlacedService, why: string): void => {
    const key = `${placed.application}/${placed.service.name}`;
    if (ties.has(key)) return;
    ties.set(key, why);
    // Where a hook has run says nothing about where its service may go.
    if (placed.service.job?.of !== undefined) return;
    const own = applications.get(placed.application) ?? [];
    for (const near of nearOnes(placed, own)) tie(near, `service "${placed.service.name}" stays`);
  };
  for (const placed of services) {
    const why = ownTie(placed.service);
    if (why !== null) tie(placed, why);
  }
  return ties;
}

function ownTie(service: ServiceSpec): string | null {
  if (service.mode === 'global') return 'it has a slot on each host';
  if (typeof service.replaceAfterMs === 'number') return null;
  if (service.container.restart.name === 'no') return 'it runs to its end where it began';
  const data = dataOfVersions(service);
  return data === null ? null : `its data is there (${data})`;
}

/**
 * Those that share something with a service, and those that it shares something with.
 *
 * @param services of its application
 */
function nearOnes(
  { service }: PlacedService,
  services: readonly PlacedService[],
): readonly PlacedService[] {
  const own = neighbours(service);
  return services.filter(
    (other) =>
      other.service.job?.of === undefined &&
      (own.includes(other.service.name) || neighbours(other.service).includes(service.name)),
  );
}
