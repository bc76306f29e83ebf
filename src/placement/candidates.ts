import type { Amounts, HostSpec } from '../model/fleet.ts';
import type { HostName } from '../model/names.ts';
import type { ReachableHost } from '../model/observation.ts';
import type { CandidateHost } from './constraint.ts';
import { noLoad, type HostLoad } from './host-load.ts';
import type { PlacementInput } from './place.ts';
import { stir } from './rendezvous.ts';
import { roomOf } from './room.ts';

/** A host that can be seen, and so can be given slots. */
export interface Candidate extends CandidateHost {
  readonly name: HostName;
  /** Its name as rendezvous hashing takes it. */
  readonly stirred: number;
  readonly observation: ReachableHost;
  /** Why it takes nothing; null when it does. */
  readonly closure: 'fenced' | 'draining' | 'cordoned' | null;
  /** What of it can be reserved. */
  readonly room: Amounts;
  /** What was given to it so far. */
  readonly load: HostLoad;
}

/** By name, in the order of names. */
export function candidatesOf({
  hosts,
  observations,
  fenced,
}: Pick<PlacementInput, 'hosts' | 'observations' | 'fenced'>): ReadonlyMap<HostName, Candidate> {
  const sorted = hosts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(
    sorted.flatMap((spec): [HostName, Candidate][] => {
      const { name } = spec;
      const observation = observations.get(name);
      if (observation?.kind !== 'reachable') return [];
      const host = { spec, engine: observation.engine };
      const closure = fenced?.has(name) === true ? 'fenced' : closureOf(spec);
      const seen = { observation, closure, room: roomOf(host), load: noLoad() };
      return [[name, { ...host, name, stirred: stir(name), ...seen }]];
    }),
  );
}

function closureOf({ cordon, drain }: HostSpec): Candidate['closure'] {
  if (drain) return 'draining';
  return cordon ? 'cordoned' : null;
}
