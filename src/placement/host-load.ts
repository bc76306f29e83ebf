import { fixedHostPorts, type HostPort } from './host-ports.ts';
import { reservationOf } from './room.ts';
import { serviceKey, type Slot } from './slot.ts';

/** What the instances that were placed on a host so far take of it. */
export interface HostLoad {
  nanoCpus: number;
  memoryBytes: number;
  /** Instances: all of them, by application, and by service. */
  total: number;
  readonly applications: Map<string, number>;
  readonly services: Map<string, number>;
  readonly ports: HostPort[];
}

export function noLoad(): HostLoad {
  return {
    nanoCpus: 0,
    memoryBytes: 0,
    total: 0,
    applications: new Map(),
    services: new Map(),
    ports: [],
  };
}

export function addLoad(load: HostLoad, slot: Slot): void {
  const { nanoCpus, memoryBytes } = reservationOf(slot.service);
  load.nanoCpus += nanoCpus;
  load.memoryBytes += memoryBytes;
  load.total += 1;
  const service = serviceKey(slot);
  load.applications.set(slot.application, (load.applications.get(slot.application) ?? 0) + 1);
  load.services.set(service, (load.services.get(service) ?? 0) + 1);
  load.ports.push(...fixedHostPorts(slot.service.container));
}
