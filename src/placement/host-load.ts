import type { HostPort } from './host-ports.ts';
import type { Needs } from './needs.ts';

/** What the slots that were given to a host so far take of it. */
export interface HostLoad {
  nanoCpus: number;
  memoryBytes: number;
  slots: number;
  readonly ports: HostPort[];
}

export function noLoad(): HostLoad {
  return { nanoCpus: 0, memoryBytes: 0, slots: 0, ports: [] };
}

export function addLoad(load: HostLoad, { ports, reservation }: Needs): void {
  load.nanoCpus += reservation.nanoCpus;
  load.memoryBytes += reservation.memoryBytes;
  load.slots += 1;
  if (ports.length > 0) load.ports.push(...ports);
}

/** Takes back what `addLoad` did. */
export function takeLoad(load: HostLoad, { ports, reservation }: Needs): void {
  load.nanoCpus -= reservation.nanoCpus;
  load.memoryBytes -= reservation.memoryBytes;
  load.slots -= 1;
  for (const port of ports) load.ports.splice(load.ports.indexOf(port), 1);
}
