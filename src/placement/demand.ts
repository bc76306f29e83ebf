import type { HostName } from '../model/names.ts';
import { needsOf, type Needs } from './needs.ts';
import type { PlacedService } from './placed-service.ts';

/** Slots that were given to each host so far; a host that is not in it has none. */
export type Tally = Map<HostName, number>;

/** What each slot of a service asks of its host, and where its slots are so far. */
export interface Demand extends PlacedService {
  /** `shop/web`. */
  readonly key: string;
  /** What it takes of a host. */
  readonly needs: (host: HostName) => Needs;
  /** Of the service. */
  readonly slots: Tally;
  /** Of its application. */
  readonly neighbours: Tally;
}

/** @param neighbours one for all services of the application */
export function demandOf(placed: PlacedService, neighbours: Tally): Demand {
  const { service } = placed;
  return {
    ...placed,
    key: serviceKey(placed),
    needs: needsOf(service),
    slots: new Map(),
    neighbours,
  };
}

export function serviceKey({ application, service }: PlacedService): string {
  return `${application}/${service.name}`;
}
