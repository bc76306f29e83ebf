import type { ApplicationContext } from './application-context.ts';
import { isServiceProven } from './application-context.ts';
import type { SlotView } from './slot-view.ts';

/**
 * Counts a failed instance against its revision: the hash is quarantined, unless the manifest tolerates so many failed
 * slots or says to continue. False when the hash has proved itself before: then it is not the revision's fault, and the
 * instance is repaired.
 */
export function failSlot(
  context: ApplicationContext,
  view: SlotView,
  reason: string,
  message: string,
): boolean {
  const { service, slot, host, current } = view;
  if (isServiceProven(context, service) || host === null) return false;
  const { failureAction, maxFailureRatio } = service.update;
  const views = context.views.find((one) => one.service === service)?.slots ?? [];
  const tolerated = Math.floor(maxFailureRatio * views.length);
  if (failureAction === 'continue' || failedSlots(views) <= tolerated) {
    context.draft.block(service.name, slot, 'RolloutFailed', message);
    return true;
  }
  context.draft.entries.push({
    kind: 'quarantined',
    application: context.application,
    container: current?.container.id ?? null,
    quarantine: {
      service: service.name,
      hash: service.hash,
      commit: context.target.commit,
      at: context.world.now,
      host,
      slot,
      reason,
      message,
      log: [],
      health: [],
    },
  });
  return true;
}

function failedSlots(views: readonly SlotView[]): number {
  return views.filter(
    ({ phase, failure }) =>
      failure !== undefined || (phase.kind === 'probation' && phase.verdict.kind === 'failed'),
  ).length;
}
