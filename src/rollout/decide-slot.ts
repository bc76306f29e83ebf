import type { DriftClass } from '../model/drift.ts';
import { hookFailed } from '../model/hooks.ts';
import type { HostName } from '../model/names.ts';
import type { UnreachableHost } from '../model/observation.ts';
import { serviceOn } from '../model/variants.ts';
import { isQuarantined, isServiceProven } from './application-context.ts';
import type { Instance } from '../drift/identify.ts';
import { awaitTraffic, whyNotAdmitted } from './await-traffic.ts';
import {
  changeEntry,
  changeInPlace,
  isFreeFor,
  isOfCommit,
  isRestart,
  isTurnOf,
} from './change-in-place.ts';
import { decideAbsent, whyNotYet } from './decide-absent.ts';
import { placeOf } from './draft.ts';
import { isolated } from './departures.ts';
import type { Failing } from './fail-slot.ts';
import { failSlot, failuresOf, troubleOf } from './fail-slot.ts';
import { hostPatienceMs } from './host-standing.ts';
import { recheckedAt, remedyAction } from './heal.ts';
import { isOffForAMoment } from './off-networks.ts';
import { postStartOf } from './post-start.ts';
import { dueEntries, rerunPostStart, runPostStart } from './run-post-start.ts';
import { prepareHost } from './prepare-host.ts';
import { whereItIs } from './kept-version.ts';
import { isMovedInVain, makeRoom, roomOwed } from './owed-room.ts';
import { guardOf, nextRetirement } from './retire.ts';
import type { SlotView } from './slot-view.ts';
import type { SlotSituation } from './slot-situation.ts';
import { actOn, healBy, retire, sayFailure } from './slot-situation.ts';
import {
  isDone,
  isLive,
  isPromoted,
  isServing,
  judgeInstance,
  mayServe,
  viewSlot,
} from './slot-view.ts';
import { withheldBecause } from './differences.ts';
import { healedDriftOf } from './drift-causes.ts';
import { itemOf } from './drift-items.ts';
import { leftMissing } from './left-missing.ts';
import { heldPredecessor } from './stages.ts';
import { provenService } from './target.ts';

/** The next step of one slot, at most one at a time. The table of states is semantics §10.12. */
export function decideSlot(situation: SlotSituation): void {
  const { context, view } = situation;
  const { draft, world } = context;
  const { service, host } = view;
  if (view.inFlight !== undefined) {
    return draft.wait('step', placeOf(view), `${view.inFlight} is under way`);
  }
  if (draft.steps.some(({ key }) => key === view.key)) return;
  if (host === null) return leaveForGood(situation);
  const observation = world.observations.get(host);
  if (observation?.kind !== 'reachable') return awaitHost(situation, host, observation);
  if (view.phase.kind !== 'promoted') sayTolerated(situation);
  if (isHeldByFailure(situation)) return;
  if (isQuarantined(context, service) && view.phase.kind !== 'promoted') {
    if (makeRoom(situation)) return;
    return keepEvidence(situation);
  }
  switch (view.phase.kind) {
    case 'absent':
      decideMissing(situation, host);
      return giveUpBlockedMove(situation);
    case 'created':
      return decideCreated(situation);
    case 'probation':
      return decideProbation(situation);
    case 'promoted':
      return decidePromoted(situation);
  }
}

/** No host takes it: it goes on where it is, unless it is to make room there. */
function leaveForGood(situation: SlotSituation): void {
  if (roomOwed(situation) === null || isHeldByFailure(situation)) return;
  makeRoom(situation);
}

/** What does not serve, and is left so because the commit says so, must not go unsaid. */
function sayReported({ context, view }: SlotSituation, kind: DriftClass, note: string): void {
  context.draft.block(view.service.name, view.slot, 'DriftReported', `it is ${kind}: ${note}`);
}

function decideMissing(situation: SlotSituation, host: HostName): void {
  const { context, view } = situation;
  const left = leftMissing(context, view);
  if (left !== null) return sayReported(situation, 'missing', withheldBecause(left));
  if (isMovedInVain(situation) && makeRoom(situation)) return;
  const reason = whyNotYet(situation, host);
  if (reason === null) return decideAbsent(situation, host);
  context.draft.wait('turn', placeOf(view), reason);
  if (!isImageComing(situation, host) && makeRoom(situation)) return;
  keepUp(situation);
}

/** Its image is on the way to a host, for the first time. */
function isImageComing({ context, view }: SlotSituation, host: HostName): boolean {
  const { steps, waiting } = context.draft;
  const { name } = view.service;
  return (
    steps.some(
      ({ action, service, host: to }) =>
        action.kind === 'pull-image' && service === name && to === host,
    ) ||
    waiting.some(
      ({ kind, service, host: to }) => kind === 'image' && service === name && to === host,
    )
  );
}

/** As long as nothing of a new version may begin, what it is to replace is kept up: nothing else would do it. */
function keepUp(situation: SlotSituation): void {
  const { context, view } = situation;
  const good = provenService(context.record, view.service.name);
  if (good === null || serviceOn(good, view.host).hash === view.service.hash) return;
  // What had begun to make room serves on, but nothing would start it again.
  const isKept = view.others.some(
    (other) => isPromoted(other, context.record) && isServing(context, other),
  );
  if (isKept) return;
  // A job of a version that has proved itself has run, and does not run again.
  if (view.service.job !== null) return;
  const kept = viewSlot(whereItIs(context, good, view.slot), good, view.slot);
  decideSlot({ ...situation, view: kept, stage: null });
}

function awaitHost(
  { context, view }: SlotSituation,
  host: HostName,
  observation: UnreachableHost | undefined,
): void {
  const { draft, world, isolation, departures } = context;
  const message = `host "${host}" is unreachable: ${observation?.reason ?? 'it is not known'}`;
  const since = observation?.since ?? 0;
  const until = since + hostPatienceMs;
  if (world.now < until) return draft.wait('host', placeOf(view), message, until);
  const leavesAt = departures.get(view.key)?.at ?? null;
  // One that no other host admits stays when its time has come.
  const isToLeave = leavesAt !== null && leavesAt > world.now;
  draft.wait('host', placeOf(view), message, isToLeave ? leavesAt : null);
  // A global service has a slot per host: the others do not wait for one that is away.
  if (view.service.mode === 'global') return;
  const reason = isolation === null ? 'HostUnreachable' : 'ControllerIsolated';
  const said = isolation === null ? message : `${isolated(isolation)}; ${message}`;
  draft.block(view.service.name, view.slot, reason, said, 'infrastructure');
}

/** The rollout goes on over a failed slot, which must not go unsaid. */
function sayTolerated({ context, view }: SlotSituation): void {
  const last = failuresOf(context, view).findLast(
    ({ verdict }) => verdict === 'tolerated' || verdict === 'excused',
  );
  if (last === undefined) return;
  const { service, slot, verdict, message } = last;
  if (verdict === 'tolerated') return context.draft.block(service, slot, 'RolloutFailed', message);
  const beside = `${message}; the old revision fails on host "${last.host}" too`;
  context.draft.block(service, slot, 'HostSuspect', beside, 'infrastructure');
}

/** A step of this slot failed lately: it is the revision's fault, or it waits for its next try. */
function isHeldByFailure({ context, view }: SlotSituation): boolean {
  const { failure: failed, service } = view;
  if (failed === undefined) return false;
  const { failure } = failed;
  if (failure.class !== 'infrastructure') giveUpMove(context, view, failure.message);
  const isOfThisHash = failed.hash === service.hash;
  // What failed for another version says nothing about this one.
  if (failed.hash !== '' && !isOfThisHash) return false;
  const isRevisionFault = failure.class === 'revision' && isOfThisHash;
  if (isRevisionFault && !isQuarantined(context, service)) {
    failSlot(context, view, { ...failure, isCertain: true });
    if (context.draft.isVoid()) return true;
  }
  if (context.world.now >= failed.retryAt) return false;
  sayFailure(context, view);
  const reason = `${failed.action} is tried again`;
  context.draft.wait('retry', placeOf(view), reason, failed.retryAt);
  return true;
}

/** A slot that somebody asked to move stays where it is well, when it is not well where it was to go. */
function giveUpMove(
  { draft }: SlotSituation['context'],
  { key, record, host }: SlotView,
  reason: string,
): void {
  if (record?.movesTo === undefined || record.movesTo !== host) return;
  draft.entries.push({ kind: 'move-ended', slot: key, reason: `on ${host}: ${reason}` });
}

/** What its host cannot make, such as an image for another platform, stays where it is made already. */
function giveUpBlockedMove({ context, view }: SlotSituation): void {
  const { service } = view;
  const trouble = context.draft.blocked.find(
    (one) => one.service === service.name && one.slot === '' && one.class !== 'infrastructure',
  );
  if (trouble !== undefined) giveUpMove(context, view, trouble.message);
}

function decideCreated(situation: SlotSituation): void {
  const { context, view, budget, order } = situation;
  const { current, service } = view;
  if (current === null) return;
  const { container } = current;
  if (!prepareHost(context, service, container.host)) return;
  const running = view.others.find(isLive);
  // A commit can forbid in between what was allowed when it was made.
  if (running !== undefined && service.singleton) {
    return retire(situation, running, 'stop-first: it is a singleton', 'x-fleetwright.singleton');
  }
  if (!budget.takeStart(view)) {
    const givesWay = order.order === 'stop-first' && running !== undefined;
    if (givesWay && budget.take(order) !== null) {
      return retire(situation, running, 'stop-first: it makes room', order.path);
    }
    return context.draft.wait('turn', placeOf(view), 'its turn: others retire first');
  }
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
  const { service, phase, current } = view;
  if (phase.kind !== 'probation' || current === null) return;
  const { verdict } = phase;
  // Without its restart policy it looks as if it had never been promoted.
  const failed = failuresOf(context, view).find((one) => one.container === current.container.id);
  if (failed !== undefined) return retire(situation, current, failed.message);
  const running = view.others.find(isLive);
  if (running !== undefined && service.singleton && verdict.kind !== 'failed') {
    return retire(situation, running, 'it is a singleton', 'x-fleetwright.singleton');
  }
  if (postStartOf(world.journal, service, current.container).kind === 'due') {
    return runPostStart(situation, current);
  }
  if (verdict.kind === 'waiting') {
    return draft.wait('gate', placeOf(view), `health gate: ${verdict.reason}`, verdict.until);
  }
  if (verdict.kind === 'failed') {
    const { reason, message } = verdict;
    const isCertain = neverStarts.has(current.container.exitCode) || service.job !== null;
    return fail(situation, { reason, message, isCertain });
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

/** Exit codes of a command that cannot be executed or is not there. */
const neverStarts: ReadonlySet<number> = new Set([126, 127]);

/** Counts the failure of the current instance, and makes room for the next one where there is to be one. */
function fail(situation: SlotSituation, failing: Failing): void {
  const { context, view } = situation;
  giveUpMove(context, view, failing.message);
  const effect = failSlot(context, view, failing);
  if (effect === 'held' || view.current === null) return;
  if (effect === 'moves' && isServing(context, view.current)) return;
  retire(situation, view.current, failing.message);
}

function decidePromoted(situation: SlotSituation): void {
  const { context, view } = situation;
  const { service, current, differences } = view;
  if (current === null) return;
  const twin = view.others.find(isLive);
  if (twin !== undefined && service.singleton) {
    return retire(situation, twin, 'it is a singleton', 'x-fleetwright.singleton');
  }
  // What was taken on ran before this version was tried: its trouble is reported, and proves nothing against it.
  const isOnTrial = current.adopted === undefined && !isServiceProven(context, service);
  const trouble = isOnTrial ? troubleOf(context, current) : null;
  const recheckedBy = recheckedAt(view, current);
  if (trouble?.reason === 'Unhealthy' && context.world.now < recheckedBy) {
    const reason = 'its HEALTHCHECK has not run again since it was repaired';
    return context.draft.wait('gate', placeOf(view), reason, recheckedBy);
  }
  if (trouble !== null) return fail(situation, trouble);
  const hooks = postStartOf(context.world.journal, service, current.container);
  if (hooks.kind === 'due') return runPostStart(situation, current);
  if (hooks.kind === 'failed') {
    const { message } = hooks;
    if (isOnTrial) return fail(situation, { reason: hookFailed, message, isCertain: false });
    return rerunPostStart(situation, current, message);
  }
  if (view.recovering) awaitRecovery(situation, current);
  for (const difference of differences) {
    const { remedy, path, note, class: kind } = difference;
    if (remedy.kind === 'none')
      context.draft.block(service.name, view.slot, reasonOf[kind] ?? 'Degraded', note);
    if (remedy.kind === 'withheld' && path === 'state') sayReported(situation, kind, note);
    const action = remedyAction(remedy, current, service, view.ignored);
    if (action === null) continue;
    const isAsked = isOfCommit(context, view, difference);
    if (isAsked && !isTurnOf(situation, action)) return;
    const restarts = isRestart(action);
    if (!isAsked && restarts && !isFreeFor(situation, action)) return;
    // The network itself may be gone too.
    if (remedy.kind === 'connect' && !prepareHost(context, service, current.container.host)) return;
    if (isAsked) return changeInPlace(situation, difference, action);
    if (isOffForAMoment(context.world, current, difference)) {
      return actOn(situation, path, 'its network was made anew: it is connected again', action);
    }
    if (remedy.kind === 'start') context.draft.entries.push(...dueEntries(situation, current));
    const drift = healedDriftOf(context, itemOf(context, view, current, difference));
    const healing = { path, reason: note, drift };
    return healBy(situation, healing, action, restarts ? [changeEntry(situation)] : []);
  }
  // What is paused keeps all that serves.
  const isHeld = situation.stage !== null || context.target.mode === 'halted';
  const held = isHeld ? heldPredecessor(context, view) : null;
  const other = view.others.find((one) => one !== held);
  if (other === undefined) return;
  const serves = isServing(context, other) || mayServe(context, other);
  if (serves && servesOn(situation, current, other)) return;
  retire(situation, other, 'its successor has taken its place');
}

/** Others wait until it is known to be well. */
function awaitRecovery({ context, view }: SlotSituation, current: Instance): void {
  const verdict = judgeInstance(context, view.service, current);
  if (verdict.kind === 'waiting') {
    context.draft.wait('gate', placeOf(view), `health gate: ${verdict.reason}`, verdict.until);
  }
  // A crash loop or a failing check is said already, in the words that it always has.
  const isSaid = view.differences.some(({ remedy }) => remedy.kind === 'none');
  if (verdict.kind === 'failed' && !isSaid) {
    context.draft.block(view.service.name, view.slot, verdict.reason, verdict.message);
  }
}

/** Nothing that serves is given for something that does not, nor has finished its work. */
function servesOn({ context, view }: SlotSituation, current: Instance, other: Instance): boolean {
  const { draft } = context;
  const done = isDone(view.service, current, view.phase);
  const isGood = done || isServing(context, current);
  if (isGood && hasFailed(context, other)) return false;
  // It may have been started anew since it was promoted.
  const verdict = judgeInstance(context, view.service, current);
  if (isGood && verdict.kind === 'waiting') {
    draft.wait('gate', placeOf(view), verdict.reason, verdict.until);
    return true;
  }
  if (done || (isGood && verdict.kind === 'passed')) {
    const { world, traffic, application } = context;
    const hold = whyNotAdmitted(world, traffic, application, view.service.name, current);
    if (hold === null) return false;
    awaitTraffic(context, placeOf(view), hold);
    return true;
  }
  draft.wait('turn', placeOf(view), 'its successor does not serve');
  return true;
}

function hasFailed({ target }: SlotSituation['context'], instance: Instance): boolean {
  const { service: name } = instance.identity;
  return target.failed.some(({ service, hash }) => service === name && hash === instance.hash);
}

/** Codes of the conditions that differences without a remedy make. */
const reasonOf: Partial<Record<DriftClass, string>> = {
  unhealthy: 'Unhealthy',
  'crash-loop': 'CrashLoop',
  stopped: 'Exited',
};

/**
 * A failed hash with nothing to go back to: the instance that failed first is kept, stopped, for whoever has to find out
 * why; the other failed ones are removed.
 */
function keepEvidence(situation: SlotSituation): void {
  const { context, view } = situation;
  const { current, service, slot } = view;
  const failed = context.target.failed.find((one) => one.service === service.name);
  if (failed !== undefined) context.draft.block(service.name, slot, failed.reason, failed.message);
  // One that we stopped ourselves is current no more.
  const stopped = view.others.find((one) => one.hash === service.hash && !isLive(one));
  const instance = current ?? stopped;
  if (instance === undefined) return;
  const action = nextRetirement(instance, service);
  const isKept = failed?.slot === slot && action.kind === 'remove-container';
  if (!isKept) retire(situation, instance, 'its revision failed');
}
