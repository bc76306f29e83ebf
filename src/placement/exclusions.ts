import type { Board } from './board.ts';
import type { Candidate } from './candidates.ts';
import { admits } from './constraint.ts';
import { dataHomes } from './data-home.ts';
import type { Exclusion } from './explain.ts';
import type { HostPort } from './host-ports.ts';
import { collides, fixedHostPorts, foreignHolder } from './host-ports.ts';
import { reservationOf, shortages } from './room.ts';
import { serviceKey, type Slot } from './slot.ts';
import { strayFrom } from './stray.ts';

/** Each reason why a host may not take a slot; none: it may. */
export function exclusionsOf(board: Board, slot: Slot, host: Candidate): readonly Exclusion[] {
  const { service } = slot;
  const constraints = service.constraints
    .filter((constraint) => !admits(host, constraint))
    .map(({ text }) => `constraint ${text}`);
  const homes = dataHomes(board, slot).filter((home) => home.host !== host.name);
  return [
    ...constraints,
    ...homes.map((home) => `volume "${home.volume}" is on host "${home.host}"`),
    ...strayFrom(board, slot, host.name),
    ...portExclusions(slot, host),
    ...(isFull(slot, host) ? [`full (max_replicas_per_node: ${service.maxPerHost})`] : []),
    ...shortages(host.room, host.load, reservationOf(service)),
  ];
}

function portExclusions(slot: Slot, host: Candidate): readonly string[] {
  const wanted = fixedHostPorts(slot.service.container);
  if (wanted.length === 0) return [];
  const foreign = foreignHolder(wanted, host.observation.unmanaged);
  if (foreign !== null) {
    return [`port ${foreign.port.port} in use by "${foreign.container}" (unmanaged)`];
  }
  const clash = ownClash(slot, host);
  return clash === undefined ? [] : [`port ${clash.port} taken by another instance`];
}

/** A port that another instance of ours has on a host already. */
function ownClash({ service }: Slot, { load }: Candidate): HostPort | undefined {
  const wanted = fixedHostPorts(service.container);
  return wanted.find((port) => load.ports.some((other) => collides(port, other)));
}

/** It has as many slots of the service as it may have. */
function isFull(slot: Slot, { load }: Candidate): boolean {
  const { maxPerHost } = slot.service;
  return maxPerHost !== undefined && (load.services.get(serviceKey(slot)) ?? 0) >= maxPerHost;
}

/** What was given to a host before leaves place for a slot: its ports, its share of the service, what it reserves. */
export function hasPlace(slot: Slot, host: Candidate): boolean {
  const isShort = shortages(host.room, host.load, reservationOf(slot.service)).length > 0;
  return !isShort && !isFull(slot, host) && ownClash(slot, host) === undefined;
}
