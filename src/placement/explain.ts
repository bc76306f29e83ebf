import type { HostName } from '../model/names.ts';

/** One reason why one host may not take a slot. */
export interface Exclusion {
  readonly host: HostName;
  readonly reason: string;
}

/**
 * `0 of 3 hosts: node.labels.zone == x excludes 3, unreachable excludes 1`, the reason that excludes most first. A host
 * counts under each reason that excludes it, so that every constraint shows its own effect.
 */
export function explain(hosts: number, exclusions: readonly Exclusion[]): string {
  const counts = new Map<string, number>();
  for (const { reason } of exclusions) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts]
    .toSorted(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .map(([reason, count]) => `${reason} excludes ${count}`);
  return `0 of ${hosts} ${hosts === 1 ? 'host' : 'hosts'}: ${reasons.join(', ') || 'none is configured'}`;
}
