import { pino } from 'pino';

import { noInterest } from '../../src/model/adoption.ts';
import { openFleet } from '../../src/fleet/docker-fleet.ts';
import type { FleetOptions } from '../../src/fleet/docker-fleet.ts';
import type { Fleet } from '../../src/fleet/fleet.ts';
import type { ServiceSpec } from '../../src/model/application.ts';
import type { FleetSpec } from '../../src/model/fleet.ts';
import type { InstanceIdentity } from '../../src/model/labels.ts';
import { instanceName, selfLabel } from '../../src/model/labels.ts';
import { toHostName } from '../../src/model/names.ts';
import type {
  ContainerState,
  HostObservation,
  ObservedContainer,
  ReachableHost,
} from '../../src/model/observation.ts';
import type { Action, ContainerGuard, StepOutcome } from '../../src/model/step.ts';
import { noOrigins } from '../../src/model/origin.ts';
import { systemClock as clock } from '../../src/reconcile/system-clock.ts';
import type { HostDescription, SandboxHost } from '../../src/sandbox/sandbox-host.ts';
import { aCommit, origin } from './builders.ts';
import { clearHosts, sharedSandbox } from './sandbox.ts';

/** Label `fleetwright.fleet` of everything that the tests of the room fleet make. */
export const fleetName = 'fleet-room';

export const never = new AbortController().signal;

export function sandboxHost(index: number): SandboxHost {
  const host = sharedSandbox().hosts[index];
  if (host === undefined) throw new Error(`the sandbox has no host ${index}`);
  return host;
}

/** A fleet of hosts of the shared sandbox, observed once. */
export async function openTestFleet(
  hosts: readonly HostDescription[],
  options: Partial<FleetOptions> = {},
): Promise<Fleet> {
  const { credentials } = sharedSandbox();
  const logger = pino({ level: 'silent' });
  const fleet = openFleet({ credentialsDir: credentials, logger, clock, ...options });
  fleet.configure(aFleetSpec(hosts), noInterest);
  await fleet.refresh(never);
  return fleet;
}

export function aFleetSpec(hosts: readonly HostDescription[]): FleetSpec {
  return {
    name: fleetName,
    hosts: hosts.map(({ name, endpoint, address }) => {
      const { hostname, port } = new URL(endpoint);
      return {
        name: toHostName(name),
        endpoint: { kind: 'tcp', host: hostname, port: Number(port), tls: true },
        address,
        labels: {},
        cordon: false,
        drain: false,
        origins: noOrigins,
      };
    }),
    variables: {},
    prune: { approved: [] },
    rollback: { writeBack: 'off' },
    image: { tagMoved: 'ignore', intervalMs: 300_000 },
    failure: { lostAfterMs: 300_000 },
    driftIgnore: [],
    proxies: [],
    origin,
  };
}

export function observationOf(fleet: Fleet, host: HostDescription): HostObservation {
  const observation = fleet.snapshot().get(toHostName(host.name));
  if (observation === undefined) throw new Error(`host "${host.name}" is not in the snapshot`);
  return observation;
}

export function reachable(fleet: Fleet, host: HostDescription): ReachableHost {
  const observation = observationOf(fleet, host);
  if (observation.kind === 'reachable') return observation;
  throw new Error(`host "${host.name}" is unreachable: ${observation.reason}`);
}

export function containerOf(
  fleet: Fleet,
  host: HostDescription,
  identity: InstanceIdentity,
): ObservedContainer {
  const name = instanceName(identity);
  const found = reachable(fleet, host).containers.find((container) => container.name === name);
  if (found === undefined) throw new Error(`container "${name}" is not observed`);
  return found;
}

/** Removes what a test has made, and sees that it is gone: the next one makes others of the same names. */
export async function clearObserved(fleet: Fleet, host: HostDescription): Promise<void> {
  await clearHosts([host]);
  await fleet.refresh(never);
}

/** Executes one action as a step. */
export function act(fleet: Fleet, host: HostDescription, action: Action): Promise<StepOutcome> {
  const cause = { commit: aCommit(1), origin: null, path: '', reason: 'test', changes: [] };
  const step = { key: 'test', host: toHostName(host.name), application: 'shop', service: 'web' };
  return fleet.execute({ ...step, slot: '1', action, cause }, never);
}

export function createNetwork(
  fleet: Fleet,
  host: HostDescription,
  name: string,
  external = false,
): Promise<StepOutcome> {
  const network = { name, external, driver: 'bridge', internal: false, driverOpts: {} };
  return act(fleet, host, { kind: 'create-network', network: { ...network, labels: {}, origin } });
}

/** Creates and starts an instance. Gives the outcome of the step that did not succeed, or of the start. */
export async function launch(
  fleet: Fleet,
  host: HostDescription,
  identity: InstanceIdentity,
  service: ServiceSpec,
): Promise<StepOutcome> {
  const created = await act(fleet, host, { kind: 'create-container', identity, service });
  if (created.kind !== 'done') return created;
  const { id, name } = containerOf(fleet, host, identity);
  const guard = { id, self: selfLabel(identity), states: ['created'] as const };
  return act(fleet, host, { kind: 'start-container', guard, name, service });
}

export function guardOf(
  container: ObservedContainer,
  ...states: readonly ContainerState[]
): ContainerGuard {
  return { id: container.id, self: container.labels['fleetwright.self'] ?? '', states };
}

/** Waits until `holds`, looking again whenever the snapshot changes. Gives the milliseconds it took. */
export async function until(fleet: Fleet, holds: () => boolean, withinMs: number): Promise<number> {
  const began = performance.now();
  if (holds()) return 0;
  return await new Promise<number>((resolve, reject) => {
    const stop = fleet.subscribe(() => {
      if (!holds()) return;
      clearTimeout(timer);
      stop();
      resolve(performance.now() - began);
    });
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`it did not hold within ${withinMs} ms`));
    }, withinMs);
  });
}
