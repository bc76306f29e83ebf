import type { FleetSpec } from '../model/fleet.ts';
import { parseIdentity, slotKey } from '../model/labels.ts';
import type { ObservedContainer } from '../model/observation.ts';
import type { Watched } from '../rollout/gate.ts';
import type { ProbeTarget } from './probe.ts';

/**
 * Instances whose gate has a probe, with where to reach them: those on probation (their restart policy says so), those
 * that share their slot, since one that was promoted may have been started anew and must be ready before the other goes,
 * and those that are asked again because of a change in place.
 */
export function probeTargets(
  watched: readonly Watched[],
  fleet: FleetSpec,
): readonly ProbeTarget[] {
  const running = new Map<string, number>();
  for (const { container } of watched) {
    const slot = slotOf(container);
    if (container.state === 'running') running.set(slot, (running.get(slot) ?? 0) + 1);
  }
  const addresses = new Map(fleet.hosts.map(({ name, address }) => [name, address]));
  return watched.flatMap(({ container, gate, isAskedAnew = false }) => {
    const { id, state, restart, startedAt, published } = container;
    const address = addresses.get(container.host);
    const isShared = (running.get(slotOf(container)) ?? 0) > 1;
    const isAsked = state === 'running' && (restart.name === 'no' || isShared || isAskedAnew);
    const { probe } = gate;
    if (probe === null || !isAsked || startedAt === null || address === undefined) return [];
    const port = published.find(
      ({ target, protocol, hostIp }) =>
        target === probe.port && protocol === 'tcp' && !hostIp.includes(':'),
    );
    const { minHealthyTimeMs } = gate;
    const hostPort = port?.hostPort ?? null;
    return [{ container: id, startedAt, probe, minHealthyTimeMs, address, port: hostPort }];
  });
}

function slotOf({ labels }: ObservedContainer): string {
  const identity = parseIdentity(labels);
  return identity === null ? '' : slotKey(identity);
}
