import type { HostName } from '../model/names.ts';
import type { HostObservation, ReachableHost } from '../model/observation.ts';

/**
 * Two names for one engine would count each container twice and place replicas "on two hosts" that are one. Nothing can
 * be believed of either, so both are unreachable.
 */
export function rejectTwins(
  observations: ReadonlyMap<HostName, HostObservation>,
): ReadonlyMap<HostName, HostObservation> {
  const byEngine = new Map<string, ReachableHost[]>();
  for (const host of observations.values()) {
    if (host.kind === 'unreachable' || host.engine.id === '') continue;
    byEngine.set(host.engine.id, [...(byEngine.get(host.engine.id) ?? []), host]);
  }
  const twins = [...byEngine.values()].filter((hosts) => hosts.length > 1);
  const rejected = twins.flatMap((hosts) => hosts.map((host) => reject(host, hosts)));
  return new Map([...observations, ...rejected.map((host) => [host.host, host] as const)]);
}

function reject(host: ReachableHost, twins: readonly ReachableHost[]): HostObservation {
  const names = twins.map((twin) => `"${twin.host}"`).toSorted();
  const reason = `hosts ${names.join(' and ')} are one and the same engine: remove one of them from fleet.yaml`;
  return { kind: 'unreachable', host: host.host, since: host.observedAt, reason, answers: true };
}
