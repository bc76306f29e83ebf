import { digestOf } from '../model/digest.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { isQuarantined, isServiceProven } from './application-context.ts';
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
  if (isTolerated(context, view) || isQuarantined(context, service)) {
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
      gate: digestOf(service.gate),
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

/** Whether the manifest lets a rollout go on over this failed slot and those that failed beside it. */
function isTolerated(context: ApplicationContext, view: SlotView): boolean {
  const { failureAction, maxFailureRatio } = view.service.update;
  if (failureAction === 'continue') return true;
  const views = context.views.find((one) => one.service === view.service)?.slots ?? [];
  const failed = views.filter((other) => other === view || hasFailed(other)).length;
  return failed <= Math.floor(maxFailureRatio * views.length);
}

/** The current instance of a slot has failed, on probation or after its promotion. */
export function hasFailed({ phase, failure, current }: SlotView): boolean {
  if (failure !== undefined) return true;
  if (phase.kind === 'probation') return phase.verdict.kind === 'failed';
  return phase.kind === 'promoted' && current !== null && troubleOf(current) !== null;
}

/** What counts against a revision that is promoted but has not proved itself yet. */
export function troubleOf({
  container,
}: Instance): { readonly reason: string; readonly message: string } | null {
  if (container.state === 'running' && container.health === 'unhealthy') {
    return { reason: 'Unhealthy', message: 'its HEALTHCHECK turned unhealthy after promotion' };
  }
  if (container.state === 'restarting' || container.restartCount > 0) {
    const message = `it exited with code ${container.exitCode} after promotion and was restarted`;
    return { reason: 'CrashLoop', message };
  }
  return null;
}
