import type { FleetSpec } from '../model/fleet.ts';
import type { Watched } from '../rollout/gate.ts';
import type { ProbeTarget } from './probe.ts';

/** Instances on probation (their restart policy says so) whose gate has a probe, with where to reach them. */
export function probeTargets(
  watched: readonly Watched[],
  fleet: FleetSpec,
): readonly ProbeTarget[] {
  const addresses = new Map(fleet.hosts.map(({ name, address }) => [name, address]));
  return watched.flatMap(({ container, gate }) => {
    const { id, state, restart, startedAt, published } = container;
    const address = addresses.get(container.host);
    const isOnProbation = state === 'running' && restart.name === 'no';
    const { probe } = gate;
    if (probe === null || !isOnProbation || startedAt === null || address === undefined) return [];
    const port = published.find(
      ({ target, protocol, hostIp }) =>
        target === probe.port && protocol === 'tcp' && !hostIp.includes(':'),
    );
    const { minHealthyTimeMs } = gate;
    const hostPort = port?.hostPort ?? null;
    return [{ container: id, startedAt, probe, minHealthyTimeMs, address, port: hostPort }];
  });
}
