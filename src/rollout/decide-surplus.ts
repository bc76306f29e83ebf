import type { ServiceSpec } from '../model/application.ts';
import { serviceOn } from '../model/variants.ts';
import { collides, fixedHostPorts } from '../placement/host-ports.ts';
import type { Instance } from '../drift/identify.ts';
import { awaitTraffic, isHeldByTraffic, whyNotAdmitted } from './await-traffic.ts';
import type { ApplicationContext, ServiceViews } from './application-context.ts';
import { isSettled } from './application-context.ts';
import { causeOf } from './draft.ts';
import { nextRetirement, retirementEntries } from './retire.ts';
import { hooksBefore } from './slot-situation.ts';
import { isLeaving, isServing } from './slot-view.ts';

/**
 * Retires instances in slots that nothing asks for. Those of a service that is still there go as long as what is asked for
 * stays available without them; those of a service that was taken out of the manifest go after everything else is done,
 * unless they stand in the way of it.
 */
export function decideSurplus(context: ApplicationContext): void {
  const { views, surplus, world, draft, target } = context;
  const isDone = views.every(({ slots }) => slots.every(isSettled));
  const spare = new Map(views.map((one) => [one.service.name, spareOf(context, one)]));
  const seen = new Set<string>();
  for (const instance of surplus) {
    const { service: name, slot } = instance.identity;
    const { host } = instance.container;
    const place = { service: name, slot, host };
    const service = views.find((view) => view.service.name === name)?.service ?? null;
    if (seen.has(instance.slotKey) || world.inFlight.has(instance.slotKey)) continue;
    if (draft.steps.some(({ key }) => key === instance.slotKey)) continue;
    seen.add(instance.slotKey);
    const inTheWay = isInTheWay(context, instance);
    if (service === null && !isDone && !inTheWay) {
      draft.wait('turn', place, 'removed after the rollout of the others');
      continue;
    }
    const left = spare.get(name) ?? 0;
    if (service !== null && isServing(context, instance) && !inTheWay) {
      const hold = whyNotAdmitted(world, context.traffic, context.application, name);
      if (hold !== null) {
        awaitTraffic(context, place, hold);
        continue;
      }
      if (left <= 0) {
        draft.wait('turn', place, 'it serves until those that are asked for do');
        continue;
      }
      spare.set(name, left - 1);
    }
    const failed = world.failures.get(instance.slotKey);
    if (failed !== undefined && world.now < failed.retryAt) {
      draft.block(name, slot, failed.failure.reason, failed.failure.message);
      draft.wait('retry', place, 'removal is tried again', failed.retryAt);
      continue;
    }
    const cause = causeOf(target, service, ...whySurplus(instance, service, inTheWay));
    const own = service === null ? null : serviceOn(service, host);
    const action = nextRetirement(instance, own, hooksBefore(context, instance));
    if (isHeldByTraffic(context, instance, action)) continue;
    draft.entries.push(...retirementEntries(instance, action));
    draft.step(instance.slotKey, host, name, slot, action, cause);
  }
}

/** How many serving instances of a service can go before fewer are left than it asks for. */
function spareOf(context: ApplicationContext, { service, slots }: ServiceViews): number {
  const own = slots.filter((view) => view.available && !isLeaving(view)).length;
  const extra = context.surplus.filter(
    (instance) =>
      instance.identity.service === service.name &&
      isServing(context, instance) &&
      !context.world.inFlight.has(instance.slotKey),
  ).length;
  return own + extra - slots.length;
}

/** It holds a fixed port of its host, or a name, that an instance which is asked for is to have there. */
function isInTheWay({ wantedPorts, views }: ApplicationContext, { container }: Instance): boolean {
  const isNamesake = views.some(({ service, slots }) => {
    const isThere = slots.some(({ host }) => host === container.host);
    return service.containerName === container.name && isThere;
  });
  if (isNamesake) return true;
  const wanted = wantedPorts.get(container.host) ?? [];
  const held = fixedHostPorts(container.spec);
  return held.some((port) => wanted.some((other) => collides(port, other)));
}

function whySurplus(
  { identity }: Instance,
  service: ServiceSpec | null,
  inTheWay: boolean,
): [string, string] {
  if (inTheWay) return ['', 'stop-first: it holds a host port or a name that its successor needs'];
  if (service === null) return ['', `service "${identity.service}" is no longer in the manifest`];
  const path = service.autoscale === undefined ? 'deploy.replicas' : 'x-fleetwright.autoscale';
  return [path, `slot ${identity.slot} is no longer asked for`];
}
