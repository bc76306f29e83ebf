import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { isSettled } from './application-context.ts';
import { causeOf } from './draft.ts';
import { nextRetirement, retirementEntries } from './retire.ts';

/**
 * Retires instances in slots that nothing asks for: at once when their service was scaled down, after everything else is
 * done when their service was taken out of the manifest.
 */
export function decideSurplus(context: ApplicationContext): void {
  const { views, surplus, world, draft, target } = context;
  const isDone = views.every(({ slots }) => slots.every(isSettled));
  const seen = new Set<string>();
  for (const instance of surplus) {
    const { service: name, slot } = instance.identity;
    const { host } = instance.container;
    const place = { service: name, slot, host };
    const service = views.find((view) => view.service.name === name)?.service ?? null;
    if (seen.has(instance.slotKey) || world.inFlight.has(instance.slotKey)) continue;
    seen.add(instance.slotKey);
    if (service === null && !isDone) {
      draft.wait('turn', place, 'removed after the rollout of the others');
      continue;
    }
    const failed = world.failures.get(instance.slotKey);
    if (failed !== undefined && world.now < failed.retryAt) {
      draft.block(name, slot, failed.failure.reason, failed.failure.message);
      draft.wait('retry', place, 'removal is tried again', failed.retryAt);
      continue;
    }
    const cause = causeOf(target, service, ...whySurplus(instance, service !== null));
    const action = nextRetirement(instance, service);
    draft.entries.push(...retirementEntries(instance, action));
    draft.step(instance.slotKey, host, name, slot, action, cause);
  }
}

function whySurplus({ identity }: Instance, hasService: boolean): [string, string] {
  return hasService
    ? ['deploy.replicas', `slot ${identity.slot} is no longer asked for`]
    : ['', `service "${identity.service}" is no longer in the manifest`];
}
