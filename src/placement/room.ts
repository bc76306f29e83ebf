import type { ServiceSpec } from '../model/application.ts';
import type { Amounts } from '../model/fleet.ts';
import type { CandidateHost } from './constraint.ts';
import type { Shortage } from './explain.ts';

const nothing: Amounts = { nanoCpus: 0, memoryBytes: 0 };

/** What each instance of a service reserves on its host; 0: nothing, like a job, which soon ends. */
export function reservationOf({ container, job, reservedNanoCpus }: ServiceSpec): Amounts {
  if (job !== null) return nothing;
  return {
    nanoCpus: reservedNanoCpus ?? 0,
    memoryBytes: container.resources.memoryReservationBytes ?? 0,
  };
}

/** What a host has: as fleet.yaml says, else as its engine does. */
export function capacityOf({ spec, engine }: CandidateHost): Amounts {
  const { capacity = {} } = spec;
  return {
    nanoCpus: capacity.nanoCpus ?? engine.cpus * 1e9,
    memoryBytes: capacity.memoryBytes ?? engine.memoryBytes,
  };
}

/** What of a host can be reserved: its capacity less what is kept for others. */
export function roomOf(host: CandidateHost): Amounts {
  const { nanoCpus, memoryBytes } = capacityOf(host);
  const { reserve = {} } = host.spec;
  return {
    nanoCpus: Math.max(0, nanoCpus - (reserve.nanoCpus ?? 0)),
    memoryBytes: Math.max(0, memoryBytes - (reserve.memoryBytes ?? 0)),
  };
}

/** What is too little on a host for one more reservation; what reserves nothing fits everywhere. */
export function shortages(room: Amounts, reserved: Amounts, wanted: Amounts): readonly Shortage[] {
  const found: Shortage[] = [];
  for (const amount of amounts) {
    const needs = wanted[amount];
    const left = Math.max(0, room[amount] - reserved[amount]);
    if (needs > 0 && needs > left) found.push({ amount, needs, left });
  }
  return found;
}

/** How much of a host is reserved, in tenths, rounded up: of CPUs or of memory, whichever is scarcer. */
export function tenthsOf(room: Amounts, reserved: Amounts, wanted: Amounts): number {
  return Math.ceil(shareOf(room, reserved, wanted));
}

/** The same to the last digit. */
export function shareOf(room: Amounts, reserved: Amounts, wanted: Amounts): number {
  let most = 0;
  for (const amount of amounts) {
    const all = reserved[amount] + wanted[amount];
    if (all > 0 && room[amount] > 0) most = Math.max(most, (10 * all) / room[amount]);
  }
  return most;
}

const amounts = ['nanoCpus', 'memoryBytes'] as const;
