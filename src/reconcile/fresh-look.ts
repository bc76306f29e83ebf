import type { ContainerId, HostName } from '../model/names.ts';
import type { HostObservation, ObservedContainer } from '../model/observation.ts';

/** A container as the snapshot shows it; null when it shows none, or nothing of the host. */
export function findContainer(
  snapshot: ReadonlyMap<HostName, HostObservation>,
  host: HostName | null,
  container: ContainerId | null,
): ObservedContainer | null {
  const observation = host === null ? undefined : snapshot.get(host);
  if (observation?.kind !== 'reachable') return null;
  return observation.containers.find(({ id }) => id === container) ?? null;
}

/** Whether a container that was judged by an older picture has turned out to be well. */
export function isBetterNow(
  before: ObservedContainer | null,
  now: ObservedContainer | null,
): boolean {
  return now !== null && isWell(now) && (before === null || !isWell(before));
}

function isWell({ state, health }: ObservedContainer): boolean {
  return state === 'running' && (health === 'healthy' || health === 'none');
}
