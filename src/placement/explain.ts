import type { Amounts } from '../model/fleet.ts';
import { formatBytes, roundBytes } from '../model/format-bytes.ts';

/** Why a host may not take a slot: in words that hold for each host alike, or what it has too little of. */
export type Exclusion = string | Shortage;

/** A host has less left than an instance reserves. */
export interface Shortage {
  readonly amount: keyof Amounts;
  readonly needs: number;
  readonly left: number;
}

/**
 * `0 of 5 hosts: 3 constraint node.labels.zone == x, 1 needs 2 GiB, 512 MiB left, 1 unreachable`, the reason that excludes
 * most first. A host counts under each reason that excludes it, so that each shows its own effect; of what is short it says
 * how much the best host has.
 *
 * @param exclusions each reason of each host
 */
export function explain(hosts: number, exclusions: readonly Exclusion[]): string {
  const groups = new Map<string, Exclusion[]>();
  for (const exclusion of exclusions) {
    const kind = typeof exclusion === 'string' ? exclusion : exclusion.amount;
    const group = groups.get(kind);
    if (group === undefined) groups.set(kind, [exclusion]);
    else group.push(exclusion);
  }
  const reasons = [...groups.values()]
    .map((group) => ({ count: group.length, words: describe(group) }))
    .toSorted((a, b) => b.count - a.count || (a.words < b.words ? -1 : 1))
    .map(({ count, words }) => `${count} ${words}`);
  return `0 of ${hosts} ${hosts === 1 ? 'host' : 'hosts'}: ${reasons.join(', ') || 'none is configured'}`;
}

/** @param group exclusions of one kind and of one slot, so that all of them need the same */
function describe(group: readonly Exclusion[]): string {
  const [first] = group;
  if (first === undefined || typeof first === 'string') return first ?? '';
  const left = Math.max(...group.map((each) => (typeof each === 'string' ? 0 : each.left)));
  const isOne = group.length === 1;
  const most = isOne ? '' : 'at most ';
  return `${isOne ? 'needs' : 'need'} ${needed(first)}, ${most}${remaining({ ...first, left })} left`;
}

function needed({ amount, needs }: Shortage): string {
  if (amount === 'memoryBytes') return formatBytes(needs);
  return `${needs / 1e9} ${needs === 1e9 ? 'CPU' : 'CPUs'}`;
}

function remaining({ amount, left }: Shortage): string {
  return amount === 'memoryBytes' ? roundBytes(left) : `${Math.round(left / 1e7) / 100}`;
}
