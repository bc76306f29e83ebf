import type { NetworkSpec, ServiceSpec, VolumeSpec } from '../model/application.ts';
import type { HostName } from '../model/names.ts';
import type { ReachableHost } from '../model/observation.ts';
import type { Action } from '../model/step.ts';
import type { ApplicationContext } from './application-context.ts';
import { isServiceProven } from './application-context.ts';
import { causeOf } from './draft.ts';
import { networkKey } from './stale-networks.ts';

/** Makes the networks and volumes that a service needs on a host. True when they are all there. */
export function prepareHost(
  context: ApplicationContext,
  service: ServiceSpec,
  host: HostName,
): boolean {
  const observation = context.world.observations.get(host);
  if (observation?.kind !== 'reachable') return false;
  const volumes = new Set(observation.volumes.map(({ name }) => name));
  const hasNetworks = prepareNetworks(context, service, host);
  const missingVolumes = volumesOf(context, service).filter(({ name }) => !volumes.has(name));
  for (const volume of missingVolumes) {
    ensure(context, service, host, 'volume', volume, { kind: 'create-volume', volume });
  }
  return hasNetworks && missingVolumes.length === 0;
}

/** The same of its networks alone: also those that are not as they are declared, and are made anew first. */
export function prepareNetworks(
  context: ApplicationContext,
  service: ServiceSpec,
  host: HostName,
): boolean {
  const observation = context.world.observations.get(host);
  if (observation?.kind !== 'reachable') return false;
  const missing = missingNetworks(context, service, observation);
  for (const network of missing) {
    ensure(context, service, host, 'network', network, { kind: 'create-network', network });
  }
  return missing.length === 0 && !awaitsRenewal(context, service, host);
}

/** What has proved itself is repaired on the network as it is until that is made anew. */
function awaitsRenewal(context: ApplicationContext, service: ServiceSpec, host: HostName): boolean {
  const used = new Set(service.container.networks.map(({ network }) => network));
  const proven = isServiceProven(context, service);
  return (context.stale.get(host) ?? []).some(({ network: { name }, refusal }) => {
    const isRenewing = context.draft.renewing.has(networkKey(host, name));
    return refusal === null && used.has(name) && (isRenewing || !proven);
  });
}

/** The networks of a service that its host does not have. */
export function missingNetworks(
  context: ApplicationContext,
  service: ServiceSpec,
  { networks }: ReachableHost,
): readonly NetworkSpec[] {
  const used = new Set(service.container.networks.map(({ network }) => network));
  const there = new Set(networks.map(({ name }) => name));
  return context.target.spec.networks.filter(({ name }) => used.has(name) && !there.has(name));
}

function volumesOf(context: ApplicationContext, service: ServiceSpec): readonly VolumeSpec[] {
  const used = new Set(
    service.container.mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : [])),
  );
  return context.target.spec.volumes.filter(({ name }) => used.has(name));
}

function ensure(
  context: ApplicationContext,
  service: ServiceSpec,
  host: HostName,
  kind: 'network' | 'volume',
  spec: NetworkSpec | VolumeSpec,
  action: Action,
): void {
  const { world, draft, target } = context;
  const path = `${kind}s`;
  if (spec.external) {
    const message = `external ${kind} "${spec.name}" does not exist on host "${host}": create it there, or let the manifest define it`;
    return draft.block(service.name, '', 'ExternalMissing', message);
  }
  const place = { service: service.name, slot: '', host };
  const key = `${host}/${kind}/${spec.name}`;
  const failed = world.failures.get(key);
  if (failed !== undefined) {
    const { reason, message, class: whose } = failed.failure;
    draft.block(service.name, '', reason, message, whose);
  }
  if (world.inFlight.has(key)) {
    return draft.wait('step', place, `${kind} is created`);
  }
  if (failed !== undefined && world.now < failed.retryAt) {
    return draft.wait('retry', place, `${kind} is tried again`, failed.retryAt);
  }
  if (draft.steps.some((step) => step.key === key)) return;
  const cause = causeOf(target, service, path, `${kind} "${spec.name}" does not exist on the host`);
  draft.step(key, host, service.name, '', action, { ...cause, origin: spec.origin });
}
