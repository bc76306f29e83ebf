import type { ServiceSpec } from '../model/application.ts';
import { slotKey } from '../model/labels.ts';
import { serviceOn } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';
import type { SlotContext } from './slot-view.ts';
import { isLive, isPromoted, isServing } from './slot-view.ts';
import type { CanaryStage } from './canary-stage.ts';
import type { Target } from './target.ts';
import { provenService } from './target.ts';

interface KeptSlot {
  readonly slot: string;
  readonly index: number;
  /** Another application must be through before this one changes. */
  readonly isHeld: boolean;
}

/**
 * The version that a slot is kept at instead of the new one, with its variants, or null when it is to have the new one. Slots that are no
 * canaries yet, those that a paused rollout has not reached, and those whose rollout waits for another application stay
 * at last-known-good: what breaks there is repaired.
 */
export function keptVersion(
  context: SlotContext,
  target: Target,
  service: ServiceSpec,
  stage: CanaryStage | null,
  { slot, index, isHeld }: KeptSlot,
): ServiceSpec | null {
  const good = provenService(context.record, service.name);
  // A job of a version that has proved itself has run, and does not run again.
  if (good === null || service.job !== null) return null;
  const key = slotKey({ application: context.application, service: service.name, slot });
  const host = context.assignments.get(key) ?? null;
  if (serviceOn(good, host).hash === serviceOn(service, host).hash) return null;
  if (stage !== null && !isHeld) return index < stage.canaries ? null : good;
  if (target.mode !== 'halted' && !isHeld) return null;
  const isKeptAnyway = (context.instances.get(key) ?? []).some(
    (instance) =>
      // What another commit brought here serves on until the new version may begin.
      (isHeld ? !isAs(good, instance) : isAs(service, instance)) &&
      isPromoted(instance, context.record) &&
      isServing(context, instance),
  );
  return isKeptAnyway ? null : good;
}

/** It is what a service is on its host. */
function isAs(service: ServiceSpec, { hash, container }: Instance): boolean {
  return serviceOn(service, container.host).hash === hash;
}

/** What is kept, or had begun to make room and runs still, stays on its host, wherever its successor is to be. */
export function whereItIs(context: SlotContext, kept: ServiceSpec, slot: string): SlotContext {
  const key = slotKey({ application: context.application, service: kept.name, slot });
  const own = context.instances.get(key)?.filter((instance) => isAs(kept, instance));
  const there = own?.find((one) => isPromoted(one, context.record)) ?? own?.find(isLive);
  if (there === undefined) return context;
  return { ...context, assignments: new Map([[key, there.container.host]]) };
}
