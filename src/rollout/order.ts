import type { ServiceSpec, UpdatePolicy } from '../model/application.ts';
import { originAt } from '../model/origin.ts';
import { fixedHostPorts } from '../placement/host-ports.ts';
import { serviceOn, versionsOf } from '../model/variants.ts';
import type { ServiceViews } from './application-context.ts';
import { boundsOf } from './shares.ts';

/** In which order an instance and its successor change places, and why it is not the one asked for. */
export interface ReplaceOrder {
  readonly order: 'start-first' | 'stop-first';
  /** Empty when it is the order that the manifest asks for. */
  readonly reason: string;
  /** The field that rules the other order out; empty when none does. */
  readonly path: string;
}

/**
 * Start-first where it is possible. Two instances cannot hold one host port or one address, two writers on one volume are only started
 * side by side when the manifest asks for it in so many words, and a singleton is alone by definition.
 *
 * @param slots number of slots of the service
 */
export function replaceOrder(
  service: ServiceSpec,
  policy: UpdatePolicy,
  slots: number,
): ReplaceOrder {
  if (policy.order === 'stop-first') return { order: 'stop-first', reason: '', path: '' };
  if (service.singleton) {
    return stopFirst('it is a singleton', 'x-fleetwright.singleton');
  }
  if (service.containerName !== undefined) {
    const reason = `it has the name "${service.containerName}", which two containers cannot have`;
    return stopFirst(reason, 'container_name');
  }
  const port = fixedHostPorts(service.container)[0];
  if (port !== undefined) {
    return stopFirst(
      `it publishes host port ${port.port}, which two instances cannot share`,
      'ports',
    );
  }
  const fixed = service.container.networks.find(
    ({ ipv4Address, ipv6Address }) => ipv4Address !== undefined || ipv6Address !== undefined,
  );
  if (fixed !== undefined) {
    const address = fixed.ipv4Address ?? fixed.ipv6Address ?? '';
    return stopFirst(
      `it has the address ${address} on network "${fixed.network}", which two instances cannot share`,
      'networks',
    );
  }
  const asking = policy === service.rollback ? 'rollback_config' : 'update_config';
  const explicit = originAt(service.origins, `deploy.${asking}.order`) !== undefined;
  const volume = service.container.mounts.find(
    (mount) => mount.type === 'volume' && mount.source !== '' && !mount.readOnly,
  );
  if (volume?.type === 'volume' && !explicit) {
    const reason = `it writes to volume "${volume.source}", which two instances should not share`;
    return stopFirst(reason, 'volumes');
  }
  const shared = service.container.shares?.volumes?.find(({ readOnly }) => !readOnly);
  if (shared !== undefined && !explicit) {
    const reason = `it writes to volumes of service "${shared.from}", which two instances should not share`;
    return stopFirst(reason, 'volumes_from');
  }
  if (boundsOf(policy, 'start-first', slots).surge === 0) {
    return stopFirst(
      'no instance is allowed beyond those asked for',
      'x-fleetwright.rollout.maxSurge',
    );
  }
  return { order: 'start-first', reason: '', path: '' };
}

/**
 * The order of all slots of a service: start-first, when nothing that some slot asks for on its host rules it out. One
 * budget holds for them all.
 */
export function orderOfSlots(
  { service, slots }: ServiceViews,
  policy: UpdatePolicy,
  counted: number,
): ReplaceOrder {
  const versions = new Set(slots.map(({ host }) => serviceOn(service, host)));
  return strictestOrder(service, [...versions], policy, counted);
}

/** The same wherever its slots may be. */
export function orderOfVersions(
  service: ServiceSpec,
  policy: UpdatePolicy,
  slots: number,
): ReplaceOrder {
  return strictestOrder(service, versionsOf(service), policy, slots);
}

function strictestOrder(
  service: ServiceSpec,
  versions: readonly ServiceSpec[],
  policy: UpdatePolicy,
  slots: number,
): ReplaceOrder {
  if (service.variants === undefined) return replaceOrder(service, policy, slots);
  const { update, rollback } = service;
  const orders = versions.map((version) =>
    replaceOrder({ ...version, update, rollback }, policy, slots),
  );
  const strict = orders.find((order) => !isByHost(order));
  const stopFirst = orders.find(({ order }) => order === 'stop-first');
  return strict ?? stopFirst ?? replaceOrder(service, policy, slots);
}

/** Nothing but what is on its host keeps a successor from being started beside it: on another one it can be. */
export function isByHost({ order, path }: ReplaceOrder): boolean {
  return order === 'start-first' || ['ports', 'container_name', 'networks'].includes(path);
}

function stopFirst(reason: string, path: string): ReplaceOrder {
  return { order: 'stop-first', reason, path };
}
