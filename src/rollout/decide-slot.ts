import { hashSchema } from '../model/hash.ts';
import type { HostName } from '../model/names.ts';
import type { Change, Step } from '../model/step.ts';
import type { ApplicationContext } from './application-context.ts';
import { isQuarantined, isServiceProven } from './application-context.ts';
import type { Budget } from './budget.ts';
import { changesFrom } from './changes.ts';
import { unmetDependency } from './dependencies.ts';
import { causeOf } from './draft.ts';
import { failSlot } from './fail-slot.ts';
import { nextRepairAt, remedyAction, repairsInARow } from './heal.ts';
import type { ReplaceOrder } from './order.ts';
import type { Preflight } from './preflight.ts';
import { readyKey } from './preflight.ts';
import { prepareHost } from './prepare-host.ts';
import { guardOf, nextRetirement, retirementEntries } from './retire.ts';
import { isPromoted, isServing } from './slot-view.ts';
import type { SlotView } from './slot-view.ts';
import type { Instance } from '../drift/identify.ts';

export interface SlotSituation {
  readonly context: ApplicationContext;
  readonly view: SlotView;
  readonly budget: Budget;
  readonly order: ReplaceOrder;
  readonly preflight: Preflight;
}

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

function decideAbsent(situation: SlotSituation, host: HostName): void {
  const { context, view, preflight } = situation;
  const { draft, world } = context;
  const { service, slot } = view;
  const proven = isServiceProven(context, service);
  const wait = (reason: string, until: number | null = null): void =>
    draft.wait(service.name, slot, host, reason, until);
  if (!preflight.ready.has(readyKey(host, service))) return wait('image is not on the host yet');
  if (!proven) {
    if (!preflight.complete) return wait('not all images are on their hosts yet');
    const unmet = unmetDependency(context, service);
    if (unmet !== null) return wait(unmet);
  }
  if (!prepareHost(context, service, host)) return wait('networks and volumes are created first');
  const serving = servingOther(situation);
  // One is enough to serve until the successor does; what else there is only takes a place.
  const idle = view.others.find((other) => other !== serving);
  if (idle !== undefined) return retire(situation, idle, 'it is not needed any more');
  if (serving === null) situation.budget.takeFree();
  else if (!beginReplacement(situation, serving)) return;
  const repairAt = proven ? nextRepairAt(view.record, world.now) : world.now;
  if (world.now < repairAt) return wait('repair is tried again', repairAt);
  create(situation, host, serving);
}

/** The instance that serves in place of the one that is to be made; a promoted one before one on probation. */
function servingOther({ context, view }: SlotSituation): Instance | null {
  const serving = view.others.filter((other) => isServing(context, other));
  const promoted = serving.find((other) => isPromoted(other, context.record));
  return promoted ?? serving[0] ?? null;
}

/** Whether a successor may be made beside a serving instance now; with stop-first, that one goes first. */
function beginReplacement(situation: SlotSituation, serving: Instance): boolean {
  const { context, view, budget, order } = situation;
  const { draft, world, record } = context;
  const { service, slot, host } = view;
  const lastPromotedAt = record.rollout?.lastPromotedAt ?? null;
  const notBefore = lastPromotedAt === null ? 0 : lastPromotedAt + service.update.delayMs;
  if (world.now < notBefore) {
    draft.wait(service.name, slot, host, 'delay between slots', notBefore);
    return false;
  }
  if (!budget.take(order)) {
    draft.wait(service.name, slot, host, 'its turn: others are being replaced', null);
    return false;
  }
  if (order.order === 'start-first') return true;
  const why = order.reason === '' ? 'stop-first' : `stop-first: ${order.reason}`;
  const changes = changesFrom(world, serving, service);
  retire(situation, serving, why, order.path, changes);
  return false;
}

function create(situation: SlotSituation, host: HostName, before: Instance | null): void {
  const { context, view } = situation;
  const { draft, target, world, application } = context;
  const { service, slot, key } = view;
  const epoch = nextEpoch(view, host);
  const identity = {
    fleet: world.desired.fleet.name,
    application,
    service: service.name,
    slot,
    epoch,
    hash: service.hash,
    hashSchema,
  };
  draft.entries.push({ kind: 'slot-reserved', slot: key, epoch, hash: service.hash, host });
  if (isServiceProven(context, service) && view.record?.hash === service.hash) {
    const repairs = repairsInARow(view.record, world.now) + 1;
    draft.entries.push({ kind: 'repaired', slot: key, repairs, at: world.now });
  }
  const changes = before === null ? [] : changesFrom(world, before, service);
  const { path, reason } = whyCreate(context, view, before, changes);
  const cause = causeOf(target, service, path, reason, changes);
  draft.step(key, host, service.name, slot, { kind: 'create-container', identity, service }, cause);
}

/** One more than any seen; an announced create that has left no container keeps its number, and so its name. */
function nextEpoch(view: SlotView, host: HostName): number {
  const { record } = view;
  const seen = Math.max(0, ...view.others.map(({ identity }) => identity.epoch));
  const announced =
    record?.pending === true && record.hash === view.service.hash && record.host === host;
  if (announced && record.epoch > seen) return record.epoch;
  return Math.max(seen, record?.epoch ?? 0) + 1;
}

function whyCreate(
  context: ApplicationContext,
  view: SlotView,
  before: Instance | null,
  changes: readonly Change[],
): { readonly path: string; readonly reason: string } {
  if (before === null) return whyMissing(context, view);
  const [first] = changes;
  if (before.container.host !== view.host) {
    return { path: 'deploy.placement', reason: `it moves from host "${before.container.host}"` };
  }
  if (first === undefined) return { path: '', reason: 'its configuration changed' };
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : '';
  return { path: first.path, reason: `${first.path} changed${more}` };
}

function whyMissing(
  context: ApplicationContext,
  view: SlotView,
): { readonly path: string; readonly reason: string } {
  if (isServiceProven(context, view.service) && view.record !== undefined) {
    return { path: '', reason: 'its instance is missing' };
  }
  if (view.record !== undefined) return { path: '', reason: 'its predecessor has made room' };
  const path = view.service.mode === 'global' ? 'deploy.mode' : 'deploy.replicas';
  return { path, reason: 'it does not exist yet' };
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
    return act(situation, 'networks', 'a network is missing before its start', {
      kind: 'connect-network',
      guard: guardOf(current, ['created']),
      name: container.name,
      attachment: missing,
    });
  }
  if (!prepareHost(context, service, container.host)) return;
  act(situation, '', 'it is created and not started', {
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
  act(situation, 'x-fleetwright.gate', 'its health gate passed', {
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
    if (action !== null) return heal(situation, difference.path, difference.note, action);
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

function heal(
  situation: SlotSituation,
  path: string,
  reason: string,
  action: Step['action'],
): void {
  const { context, view } = situation;
  const { draft, world } = context;
  const at = nextRepairAt(view.record, world.now);
  if (world.now < at) {
    return draft.wait(view.service.name, view.slot, view.host, 'repair is tried again', at);
  }
  const repairs = repairsInARow(view.record, world.now) + 1;
  draft.entries.push({ kind: 'repaired', slot: view.key, repairs, at: world.now });
  act(situation, path, reason, action);
}

function retire(
  situation: SlotSituation,
  instance: Instance,
  reason: string,
  path = '',
  changes: readonly Change[] = [],
): void {
  const { context, view } = situation;
  const observation = context.world.observations.get(instance.container.host);
  if (observation?.kind !== 'reachable') return;
  const service = instance.identity.hash === view.service.hash ? view.service : null;
  const cause = causeOf(context.target, view.service, path, reason, changes);
  const action = nextRetirement(instance, service);
  context.draft.entries.push(...retirementEntries(instance, action));
  const { host } = instance.container;
  context.draft.step(view.key, host, view.service.name, view.slot, action, cause);
}

function act(situation: SlotSituation, path: string, reason: string, action: Step['action']): void {
  const { context, view } = situation;
  if (view.host === null) return;
  const cause = causeOf(context.target, view.service, path, reason);
  context.draft.step(view.key, view.host, view.service.name, view.slot, action, cause);
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
