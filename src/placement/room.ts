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

/** What of a host can be reserved: its capacity less what is kept for others. */
export function roomOf({ spec, engine }: CandidateHost): Amounts {
  const { capacity = {}, reserve = {} } = spec;
  const cpus = capacity.nanoCpus ?? engine.cpus * 1e9;
  const memory = capacity.memoryBytes ?? engine.memoryBytes;
  return {
    nanoCpus: Math.max(0, cpus - (reserve.nanoCpus ?? 0)),
    memoryBytes: Math.max(0, memory - (reserve.memoryBytes ?? 0)),
  };
}

/** What is too little on a host for one more reservation; what reserves nothing fits everywhere. */
export function shortages(room: Amounts, reserved: Amounts, wanted: Amounts): readonly Shortage[] {
  return (['nanoCpus', 'memoryBytes'] as const).flatMap((amount) => {
    const needs = wanted[amount];
    const left = Math.max(0, room[amount] - reserved[amount]);
    return needs > 0 && needs > left ? [{ amount, needs, left }] : [];
  });
}
