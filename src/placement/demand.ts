import type { Amounts } from '../model/fleet.ts';
import type { HostName } from '../model/names.ts';
import { fixedHostPorts, type HostPort } from './host-ports.ts';
import type { PlacedService } from './placed-service.ts';
import { reservationOf } from './room.ts';

/** Slots that were given to each host so far; a host that is not in it has none. */
export type Tally = Map<HostName, number>;

/** What each slot of a service asks of its host, and where its slots are so far. */
export interface Demand extends PlacedService {
  /** `shop/web`. */
  readonly key: string;
  readonly ports: readonly HostPort[];
  readonly reservation: Amounts;
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
    ports: fixedHostPorts(service.container),
    reservation: reservationOf(service),
    slots: new Map(),
    neighbours,
  };
}

export function serviceKey({ application, service }: PlacedService): string {
  return `${application}/${service.name}`;
}
