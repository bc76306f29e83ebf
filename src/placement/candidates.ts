import type { HostSpec } from '../model/fleet.ts';
import type { HostName } from '../model/names.ts';
import type { HostObservation, ReachableHost } from '../model/observation.ts';
import type { CandidateHost } from './constraint.ts';

/** A host that can be seen, and so can be given slots. */
export interface Candidate extends CandidateHost {
  readonly observation: ReachableHost;
}

/** By name, in the order of names. */
export function candidatesOf(
  hosts: readonly HostSpec[],
  observations: ReadonlyMap<HostName, HostObservation>,
): ReadonlyMap<HostName, Candidate> {
  const sorted = hosts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(
    sorted.flatMap((spec): [HostName, Candidate][] => {
      const observation = observations.get(spec.name);
      if (observation?.kind !== 'reachable') return [];
      return [[spec.name, { spec, engine: observation.engine, observation }]];
    }),
  );
}
