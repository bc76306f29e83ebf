import { hashSchema } from '../model/hash.ts';
import type { ServiceSpec } from '../model/application.ts';
import type { HostName } from '../model/names.ts';
import type { Change } from '../model/step.ts';
import type { Instance } from '../drift/identify.ts';
import { awaitTraffic, whyNotAdmitted } from './await-traffic.ts';
import type { ApplicationContext, ServiceViews } from './application-context.ts';
import { isServiceProven, isSettled } from './application-context.ts';
import { changesFrom } from './changes.ts';
import { countedSlots } from './counted-slots.ts';
import { unmetDependency } from './dependencies.ts';
import { causeOf, placeOf } from './draft.ts';
import { healedDriftOf } from './drift-causes.ts';
import { slotDrift } from './drift-items.ts';
import { nextRepairAt, repairsInARow } from './heal.ts';
import { awaitsRoom, makeRoom, roomOwed } from './owed-room.ts';
import { unmetJob } from './jobs.ts';
import { nextAttemptAt } from './next-attempt.ts';
import type { ReplaceOrder } from './order.ts';
import { isByHost } from './order.ts';
import { readyKey, withImage } from './preflight.ts';
import { prepareHost } from './prepare-host.ts';
import type { SlotSituation } from './slot-situation.ts';
import { retire, sayContended } from './slot-situation.ts';
import { isUndoOverdue } from './progress-deadline.ts';
import type { SlotView } from './slot-view.ts';
import { isPromoted, isServing, isVacating, judgeInstance, mayServe } from './slot-view.ts';
import { isStray, withShared } from './shared-instances.ts';
import { provenOn } from './target.ts';

/** Why nothing may be made for a slot yet, in words; null when it may. What has proved itself waits for its image only. */
export function whyNotYet(
  { context, view, preflight }: SlotSituation,
  host: HostName,
): string | null {
  const { service } = view;
  const isReady = preflight.ready.has(readyKey(host, service));
  if (isServiceProven(context, service)) return isReady ? null : imageMissing;
  if (context.holdsChanges) return 'not every slot can be placed';
  if (context.hold !== null) return context.hold.message;
  if (isPaused(context)) return 'the rollout is paused: its revision failed';
  if (!isReady) return imageMissing;
  if (!preflight.complete) return 'not all images are on their hosts yet';
  return unmetJob(context, service) ?? unmetDependency(context, service);
}

const imageMissing = 'image is not on the host yet';

/** A slot without an instance of what its service asks for, for which one may be made: makes it, when its turn has come. */
export function decideAbsent(situation: SlotSituation, host: HostName): void {
  const { context, view } = situation;
  const { draft, world } = context;
  const { service } = view;
  const proven = isServiceProven(context, service);
  if (!prepareHost(context, service, host)) {
    return draft.wait('turn', placeOf(view), 'networks and volumes are created first');
  }
  const joined = withShared(context, service, view.slot);
  if (typeof joined === 'string') return draft.wait('turn', placeOf(view), joined);
  const serving = servingOther(situation);
  if (serving !== null && !isServing(context, serving)) awaitReadiness(situation, serving);
  // One is enough to serve until the successor does; what else there is only takes a place.
  const idle = view.others.find((other) => other !== serving);
  if (idle !== undefined) return retire(situation, idle, 'it is not needed any more');
  for (const item of proven ? slotDrift(context, view) : []) {
    sayContended(context, view, healedDriftOf(context, item));
  }
  const notBefore = proven
    ? nextRepairAt(view.record, world.now)
    : nextAttemptAt(context, view, host);
  if (world.now < notBefore) {
    if (makeRoom(situation)) return;
    const reason = proven ? 'repair is tried again' : 'it failed and is tried again';
    return draft.wait('retry', placeOf(view), reason, notBefore);
  }
  if (awaitsRoom(situation, host)) return;
  if (serving !== null && !beginReplacement(situation, serving)) return;
  create(situation, host, serving, joined);
}

/** It is not known yet whether it is well; when it is, there may be something to do. */
function awaitReadiness({ context, view }: SlotSituation, instance: Instance): void {
  const verdict = judgeInstance(context, view.service, instance);
  if (verdict.kind === 'waiting') context.draft.wakeBy(verdict.until);
}

/** A failed revision whose manifest says `failure_action: pause`: it goes neither on nor back. */
function isPaused({ target, record }: ApplicationContext): boolean {
  return target.mode === 'halted' && record.lastKnownGood !== null;
}

/**
 * The instance that serves in place of the one that is to be made: one of last-known-good before one that is promoted but
 * has not proved itself, such as a canary, before one on probation.
 */
function servingOther({ context, view }: SlotSituation): Instance | null {
  const serving = view.others.filter((other) => isServing(context, other));
  const promoted = serving.filter((other) => isPromoted(other, context.record));
  const { name } = view.service;
  const proven = promoted.find(
    ({ hash, container }) => provenOn(context.record, name, container.host)?.hash === hash,
  );
  const unknown = view.others.find((other) => mayServe(context, other));
  return proven ?? promoted[0] ?? serving[0] ?? unknown ?? null;
}

/** Whether a successor may be made beside a serving instance now; with stop-first, that one goes first. */
function beginReplacement(situation: SlotSituation, serving: Instance): boolean {
  const { context, view, budget } = situation;
  const { draft, world, record } = context;
  const { service, host } = view;
  // On another host there is nothing that the two could not share, unless there must never be two.
  const moves = serving.container.host !== host && isByHost(situation.order);
  const order = moves ? besideEachOther : situation.order;
  // What is to make room does not wait for its turn, and is only made before it leaves when its budget allows.
  if (roomOwed(situation) !== null) {
    return budget.take(order, moves) === 'start-first' || !makeRoom(situation);
  }
  const unsettled = context.views.find(
    (other) => isAwaited(context, service, other) && !countedSlots(world, other).every(isSettled),
  );
  if (unsettled !== undefined) {
    const reason = `service "${unsettled.service.name}" is updated first`;
    draft.wait('turn', placeOf(view), reason);
    return false;
  }
  const lastPromotedAt = record.rollout?.lastPromotedAt ?? null;
  const notBefore = lastPromotedAt === null ? 0 : lastPromotedAt + situation.policy.delayMs;
  if (world.now < notBefore) {
    draft.wait('turn', placeOf(view), 'delay between slots', notBefore);
    return false;
  }
  if (isUndoOverdue(context, service)) {
    draft.wait('turn', placeOf(view), 'the rollback failed: what serves is left as it is');
    return false;
  }
  const isBegun = isVacating(view);
  // What is taken away first must not be missed by those that are in its place already, and get no requests yet.
  const stopsFirst = !isBegun && order.order === 'stop-first';
  const hold = stopsFirst
    ? whyNotAdmitted(world, context.traffic, context.application, service.name)
    : null;
  if (hold !== null) {
    awaitTraffic(context, placeOf(view), hold);
    return false;
  }
  const taken = isBegun ? budget.goOn() : budget.take(order, moves);
  if (taken === null) {
    draft.wait('turn', placeOf(view), 'its turn: others are being replaced');
    return false;
  }
  if (taken === 'start-first') return true;
  const why = order.reason === '' ? 'stop-first' : `stop-first: ${order.reason}`;
  const changes = changesFrom(world, serving, service);
  // The place is taken before it is empty, so that nothing else is put there in between.
  if (host !== null) reserve(situation, host, true);
  retire(situation, serving, why, order.path, changes);
  return false;
}

const besideEachOther: ReplaceOrder = { order: 'start-first', reason: '', path: '' };

/** A dependency that is being changed itself: what serves is not touched before that is through. */
function isAwaited(
  context: ApplicationContext,
  service: ServiceSpec,
  other: ServiceViews,
): boolean {
  const isNamed = service.dependsOn.some((dependency) => dependency.service === other.service.name);
  return isNamed && !isServiceProven(context, other.service);
}

function reserve({ context, view }: SlotSituation, host: HostName, vacating: boolean): number {
  const epoch = nextEpoch(view, host);
  const { key, service, record } = view;
  const isReserved = record?.pending === true && record.epoch === epoch && record.host === host;
  const isSaid = isReserved && (record.vacating || !vacating);
  if (!isSaid) {
    const { hash } = service;
    context.draft.entries.push({ kind: 'slot-reserved', slot: key, epoch, hash, host, vacating });
  }
  return epoch;
}

function create(
  situation: SlotSituation,
  host: HostName,
  before: Instance | null,
  joined: ServiceSpec,
): void {
  const { context, view } = situation;
  const { draft, target, world, application } = context;
  const { service, slot, key } = view;
  const epoch = reserve(situation, host, view.record?.vacating === true);
  const identity = {
    fleet: world.desired.fleet.name,
    application,
    service: service.name,
    slot,
    epoch,
    hash: service.hash,
    hashSchema,
  };
  // A move repairs nothing, and the next one does not wait for it; neither does a return.
  const returns = view.record?.evicted?.host === host;
  const moves = returns || (view.record !== undefined && view.record.host !== host);
  if (returns) draft.entries.push({ kind: 'eviction-ended', slot: key });
  const isNew = view.record === undefined || view.record.unasked === true;
  const isSame = view.record?.hash === service.hash;
  if (isServiceProven(context, service) && !isNew && isSame && !moves) {
    const repairs = repairsInARow(view.record, world.now) + 1;
    const repaired = { kind: 'repaired', slot: key, repairs, at: world.now } as const;
    const [item] = slotDrift(context, view);
    const drift = item === undefined ? null : healedDriftOf(context, item);
    draft.entries.push(drift === null ? repaired : { ...repaired, drift });
  }
  const changes = before === null ? [] : changesFrom(world, before, service);
  const { path, reason } = whyCreate(context, view, before, changes);
  const cause = causeOf(target, service, path, reason, changes);
  const made = withImage(context, situation.preflight, joined);
  const action = { kind: 'create-container', identity, service: made } as const;
  draft.step(key, host, service.name, slot, action, cause);
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
  if (isStray(context, view.service, before)) {
    const { network, volumes } = view.service.container.shares ?? {};
    const path = network === undefined ? '' : 'network_mode';
    const mounted = volumes === undefined ? path : 'volumes_from';
    return { path: mounted, reason: 'what it shares with was replaced or started anew' };
  }
  if (before.container.host !== view.host) {
    return { path: 'deploy.placement', reason: whyMoved(context, view, before.container.host) };
  }
  if (first === undefined) return { path: '', reason: 'its configuration changed' };
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : '';
  return { path: first.path, reason: `${first.path} changed${more}` };
}

function whyMoved(context: ApplicationContext, view: SlotView, from: HostName): string {
  const moves = `it moves from host "${from}"`;
  if (view.record?.movesTo === view.host)
    return `${moves}, as somebody asked to even out the fleet`;
  const owed = roomOwed({ context, view });
  if (owed !== null) return `${moves}, where it makes room for ${owed.forWhom}`;
  const isDraining = context.world.desired.fleet.hosts.some(
    ({ name, drain }) => name === from && drain,
  );
  return isDraining ? `${moves}, which is draining` : moves;
}

const scalePath = 'x-fleetwright.autoscale';

function whyMissing(
  context: ApplicationContext,
  view: SlotView,
): { readonly path: string; readonly reason: string } {
  const { record, host } = view;
  if (record?.evicted !== undefined) {
    const reason = `it has a host again, after it made room on host "${record.evicted.host}"`;
    return { path: 'x-fleetwright.priority', reason };
  }
  if (record?.unasked === true) {
    return view.service.autoscale === undefined
      ? { path: 'deploy.replicas', reason: 'it is asked for again' }
      : { path: scalePath, reason: 'its load asks for it' };
  }
  if (record !== undefined && record.host !== host && record.hash === view.service.hash) {
    return { path: 'deploy.placement', reason: `it was given up on host "${record.host}"` };
  }
  if (isServiceProven(context, view.service) && view.record !== undefined) {
    return { path: '', reason: 'its instance is missing' };
  }
  if (view.record !== undefined) return { path: '', reason: 'its predecessor has made room' };
  const { reached = Infinity } = context.record.scales?.[view.service.name] ?? {};
  if (Number(view.slot) > reached) return { path: scalePath, reason: 'its load asks for it' };
  const path = view.service.mode === 'global' ? 'deploy.mode' : 'deploy.replicas';
  return { path, reason: 'it does not exist yet' };
}
