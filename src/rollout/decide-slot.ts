import type { Instance } from '../drift/identify.ts';
import { isQuarantined, isServiceProven } from './application-context.ts';
import { decideAbsent } from './decide-absent.ts';
import { failSlot } from './fail-slot.ts';
import { remedyAction } from './heal.ts';
import { prepareHost } from './prepare-host.ts';
import { guardOf, nextRetirement } from './retire.ts';
import type { SlotSituation } from './slot-situation.ts';
import { actOn, healBy, retire } from './slot-situation.ts';

/** The next step of one slot, at most one at a time. The table of states is semantics §10.12. */
export function decideSlot(situation: SlotSituation): void {
  const { context, view } = situation;
  const { draft, world } = context;
  const { service, slot, host } = view;
  if (view.inFlight !== undefined) {
    return draft.wait(service.name, slot, host, `${view.inFlight} is under way`, null);
  }
  if (host === null) return;
  if (world.observations.get(host)?.kind !== 'reachable') {
    return draft.wait(service.name, slot, host, `host "${host}" is unreachable`, null);
  }
  if (isHeldByFailure(situation)) return;
  if (isQuarantined(context, service) && view.phase.kind !== 'promoted') {
    return keepEvidence(situation);
  }
  switch (view.phase.kind) {
    case 'absent':
      return decideAbsent(situation, host);
    case 'created':
      return decideCreated(situation);
    case 'probation':
      return decideProbation(situation);
    case 'promoted':
      return decidePromoted(situation);
  }
}

/** A step of this slot failed lately: it is the revision's fault, or it waits for its next try. */
function isHeldByFailure({ context, view }: SlotSituation): boolean {
  const { failure: failed, service, slot } = view;
  if (failed === undefined) return false;
  const { failure } = failed;
  const isOfThisHash = failed.hash === service.hash;
  if (failure.class === 'revision' && isOfThisHash && !isQuarantined(context, service)) {
    return failSlot(context, view, failure.reason, failure.message);
  }
  if (context.world.now >= failed.retryAt) return false;
  context.draft.block(service.name, slot, failure.reason, failure.message);
  const reason = `${failed.action} is tried again`;
  context.draft.wait(service.name, slot, view.host, reason, failed.retryAt);
  return true;
}

function decideCreated(situation: SlotSituation): void {
  const { context, view, budget } = situation;
  const { current, service, slot, host } = view;
  if (current === null) return;
  if (!budget.takeStart(view)) {
    return context.draft.wait(service.name, slot, host, 'its turn: others retire first', null);
  }
  const { container } = current;
  const attached = new Set(container.spec.networks.map(({ network }) => network));
  const missing = service.container.networks.find(({ network }) => !attached.has(network));
  if (missing !== undefined) {
    return actOn(situation, 'networks', 'a network is missing before its start', {
      kind: 'connect-network',
      guard: guardOf(current, ['created']),
      name: container.name,
      attachment: missing,
    });
  }
  if (!prepareHost(context, service, container.host)) return;
  actOn(situation, '', 'it is created and not started', {
    kind: 'start-container',
    guard: guardOf(current, ['created']),
    name: container.name,
    service,
  });
}

function decideProbation(situation: SlotSituation): void {
  const { context, view } = situation;
  const { draft, world } = context;
  const { service, slot, host, phase, current } = view;
  if (phase.kind !== 'probation' || current === null) return;
  const { verdict } = phase;
  if (verdict.kind === 'waiting') {
    return draft.wait(service.name, slot, host, `health gate: ${verdict.reason}`, verdict.until);
  }
  if (verdict.kind === 'failed') {
    if (failSlot(context, view, verdict.reason, verdict.message)) return;
    return retire(situation, current, verdict.message);
  }
  draft.entries.push({ kind: 'promoted', application: context.application, at: world.now });
  actOn(situation, 'x-fleetwright.gate', 'its health gate passed', {
    kind: 'update-container',
    guard: guardOf(current, ['running']),
    name: current.container.name,
    restart: service.container.restart,
    resources: null,
  });
}

function decidePromoted(situation: SlotSituation): void {
  const { context, view } = situation;
  const { service, current, differences } = view;
  if (current === null) return;
  const trouble = isServiceProven(context, service) ? null : troubleOf(current);
  if (trouble !== null && failSlot(context, view, trouble.reason, trouble.message)) return;
  for (const difference of differences) {
    const action = remedyAction(difference.remedy, current, service);
    if (action !== null) return healBy(situation, difference.path, difference.note, action);
  }
  const [other] = view.others;
  if (other !== undefined) retire(situation, other, 'its successor has taken its place');
}

/** What counts against a revision that is promoted but has not proved itself yet. */
function troubleOf({
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

/**
 * A failed hash with nothing to go back to: the instance that failed first is kept, stopped, for whoever has to find out
 * why; the other failed ones are removed.
 */
function keepEvidence(situation: SlotSituation): void {
  const { context, view } = situation;
  const { current, service, slot } = view;
  const failed = context.target.failed.find((one) => one.service === service.name);
  if (failed !== undefined) context.draft.block(service.name, slot, failed.reason, failed.message);
  if (current === null) return;
  const action = nextRetirement(current, service);
  const isKept = failed?.slot === slot && action.kind === 'remove-container';
  if (!isKept) retire(situation, current, 'its revision failed');
}
