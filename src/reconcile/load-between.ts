import type { QueryReading, ServiceLoad } from '../model/autoscale.ts';
import type { ContainerId } from '../model/names.ts';
import type { CpuUsage } from '../fleet/fleet.ts';

/** What counts up, as it was at one moment. */
export interface LoadSample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** By container of the service. */
  readonly cpu: ReadonlyMap<ContainerId, CpuUsage>;
  /** By container of the service, its name at the proxies. */
  readonly servers: ReadonlyMap<ContainerId, string>;
  /** By container of a proxy; null: some proxy does not tell. */
  readonly counts: ReadonlyMap<ContainerId, RequestCounts> | null;
  /** When they were counted: the engines take longer to answer. */
  readonly countedAt: number;
  /** What the query gave; null: there is none. */
  readonly prometheus: QueryReading | null;
}

/** Requests that a proxy has given to each server since it counts, by the name of the server; null: it does not count them. */
export type RequestCounts = ReadonlyMap<string, number | null>;

/** What a service was under between two moments. */
export function loadBetween(
  before: LoadSample,
  after: LoadSample,
): Omit<ServiceLoad, 'recommendations'> {
  return {
    at: after.at,
    cpu: cpuBetween(before.cpu, after.cpu),
    requests: requestsBetween(before, after),
    prometheus: after.prometheus,
  };
}

/** By the clock of each host. One that was started anew begins at 0, and has no reading for once. */
function cpuBetween(
  before: LoadSample['cpu'],
  after: LoadSample['cpu'],
): ReadonlyMap<ContainerId, number> {
  return new Map(
    [...after].flatMap(([container, { at, usedNs }]) => {
      const first = before.get(container);
      if (first === undefined || at <= first.at || usedNs < first.usedNs) return [];
      return [[container, ((usedNs - first.usedNs) / (at - first.at)) * 1_000]];
    }),
  );
}

function requestsBetween(before: LoadSample, after: LoadSample): ServiceLoad['requests'] {
  const seconds = (after.countedAt - before.countedAt) / 1_000;
  const { counts } = after;
  const first = before.counts;
  if (counts === null || first === null || seconds <= 0) return null;
  return new Map(
    [...after.servers].flatMap(([container, server]) => {
      const added = [...counts].flatMap(([proxy, own]) => {
        const now = own.get(server);
        if (now === undefined) return [];
        const then = first.get(proxy);
        // Since when one counts that was not asked then, nobody knows: its host may have been away for days.
        return [then === undefined ? null : addedSince(then.get(server) ?? 0, now)];
      });
      const known = added.filter((one) => one !== null);
      if (known.length === 0 || known.length < added.length) return [];
      return [[container, known.reduce((sum, one) => sum + one, 0) / seconds]];
    }),
  );
}

/** A proxy that was started anew counts from 0 again. */
function addedSince(before: number, now: number | null): number | null {
  if (now === null) return null;
  return now < before ? now : now - before;
}
