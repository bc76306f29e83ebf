import { slotKey } from '../model/labels.ts';
import type { PlacedService } from './placed-service.ts';

/** A place for one instance that is to be given a host. */
export interface Slot extends PlacedService {
  /** `1` … `N`, or the name of the host when the service is global. */
  readonly slot: string;
  readonly key: string;
}

export function slotOf(placed: PlacedService, slot: string): Slot {
  const { application, service } = placed;
  return { ...placed, slot, key: slotKey({ application, service: service.name, slot }) };
}

export function serviceKey({ application, service }: PlacedService): string {
  return `${application}/${service.name}`;
}
