import type { ApplicationSpec } from '../model/application.ts';
import { serviceKey } from '../placement/demand.ts';
import { dependenciesAmong, isAmong } from '../placement/dependencies.ts';
import type { Placement } from '../placement/place.ts';
import type { PlacedService } from '../placement/placed-service.ts';
import { decisionOrder } from './order-applications.ts';

/**
 * Keys of slots that are made only after others have left their host for something more important. What that waits for itself
 * is made before, though there may be no room yet: they would wait for each other.
 */
export function waitingLatecomers(
  { latecomers, evictions }: Placement,
  services: readonly PlacedService[],
  applications: readonly ApplicationSpec[],
): ReadonlySet<string> {
  if (latecomers.size === 0) return latecomers;
  const comers = servicesOf([...evictions.values()].map(({ by }) => by));
  const late = servicesOf([...latecomers]);
  const coming = services.filter((placed) => comers.has(serviceKey(placed)));
  const dependenciesOf = dependenciesAmong(services);
  const { waves } = decisionOrder(applications);
  const waveOf = ({ application }: PlacedService): number => waves.get(application) ?? 0;
  const awaited = services.filter(
    (placed) =>
      late.has(serviceKey(placed)) &&
      coming.some(
        (comer) => isAmong(dependenciesOf(comer), placed) || waveOf(placed) < waveOf(comer),
      ),
  );
  const isAwaited = new Set(awaited.map(serviceKey));
  return new Set([...latecomers].filter((slot) => !isAwaited.has(serviceOf(slot))));
}

function servicesOf(slots: readonly string[]): ReadonlySet<string> {
  return new Set(slots.map(serviceOf));
}

function serviceOf(slot: string): string {
  return slot.slice(0, slot.lastIndexOf('/'));
}
