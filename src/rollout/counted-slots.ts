import type { ServiceViews } from './application-context.ts';
import type { SlotView } from './slot-view.ts';
import type { World } from './world.ts';

/**
 * The slots that a rollout waits for: those of a global service on hosts that can be seen, as long as there is one. What is
 * on the others is brought up to date when they are back.
 */
export function countedSlots(
  world: World,
  { service, slots }: Pick<ServiceViews, 'service' | 'slots'>,
): readonly SlotView[] {
  if (service.mode !== 'global') return slots;
  const seen = slots.filter((view) => !isAway(world, view));
  return seen.length === 0 ? slots : seen;
}

/** The slot is on a host that cannot be seen. */
export function isAway({ observations }: World, { host }: Pick<SlotView, 'host'>): boolean {
  return host !== null && observations.get(host)?.kind !== 'reachable';
}
