import type { Board } from './board.ts';
import type { Candidate } from './candidates.ts';
import { admits } from './constraint.ts';
import type { HostPort } from './host-ports.ts';
import { collides, fixedHostPorts, foreignHolder } from './host-ports.ts';
import type { Slot } from './slot.ts';
import { strayFrom } from './stray.ts';

/** Each reason why a host may not take a slot; none: it may. */
export function exclusionsOf(board: Board, slot: Slot, host: Candidate): readonly string[] {
  const constraints = slot.service.constraints
    .filter((constraint) => !admits(host, constraint))
    .map((constraint) => constraint.text);
  return [
    ...constraints,
    ...strayFrom(board, slot, host.spec.name),
    ...portExclusions(board, slot, host),
  ];
}

function portExclusions(board: Board, slot: Slot, host: Candidate): readonly string[] {
  const wanted = fixedHostPorts(slot.service.container);
  if (wanted.length === 0) return [];
  const foreign = foreignHolder(wanted, host.observation.unmanaged);
  if (foreign !== null) {
    return [`port ${foreign.port.port} in use by "${foreign.container}" (unmanaged)`];
  }
  const clash = ownClash(board, slot, host);
  return clash === undefined ? [] : [`port ${clash.port} taken by another instance`];
}

/** A port that another instance of ours has on a host already. */
export function ownClash(board: Board, slot: Slot, host: Candidate): HostPort | undefined {
  const taken = board.ports.get(host.spec.name) ?? [];
  const wanted = fixedHostPorts(slot.service.container);
  return wanted.find((port) => taken.some((other) => collides(port, other)));
}
