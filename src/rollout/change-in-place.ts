import type { ServiceSpec } from '../model/application.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { Action, ActionKind, Change } from '../model/step.ts';
import { serviceOn } from '../model/variants.ts';
import type { Difference } from '../drift/assess-instance.ts';
import type { ApplicationContext } from './application-context.ts';
import { isServiceProven } from './application-context.ts';
import { isChanged } from './changed-between.ts';
import { countedSlots } from './counted-slots.ts';
import { placeOf } from './draft.ts';
import { boundsOf } from './shares.ts';
import type { SlotSituation } from './slot-situation.ts';
import { actOn } from './slot-situation.ts';
import type { SlotView } from './slot-view.ts';
import { provenOn } from './target.ts';

/**
 * Whether a difference of a promoted instance is there because a commit asks for something else than before, and not
 * because somebody changed the instance: then it is rolled out, and no drift.
 */
export function isOfCommit(
  context: ApplicationContext,
  view: SlotView,
  { class: kind, path }: Difference,
): boolean {
  const { service } = view;
  if (kind !== 'mutable-field' && kind !== 'network' && kind !== 'renamed') return false;
  if (!isServiceProven(context, service)) return kind !== 'renamed';
  const before = [
    provenOn(context.record, service.name, view.host),
    // On the way back from what a commit asked for.
    context.target.mode === 'rollback' ? askedBy(context, view) : null,
  ];
  return before.some(
    (other) => other !== null && isChanged(context.application, other, service, path),
  );
}

function askedBy({ desired }: ApplicationContext, { service, host }: SlotView): ServiceSpec | null {
  const asked = desired.services.find(({ name }) => name === service.name);
  return asked === undefined ? null : serviceOn(asked, host);
}

/** Whether a step takes an instance out of service for a moment. */
export function isRestart(action: Action): boolean {
  return action.kind === 'deliver-files' && action.telling.kind === 'restart';
}

/**
 * Whether what a commit asks for may be changed in place now. Less memory can end a container, so that as many slots as
 * `parallelism` says change at once, and the next come when those have been well for `minHealthyTime`. One that serves
 * nothing costs nothing.
 */
export function isTurnOf(situation: SlotSituation, action: Action): boolean {
  const { context, view } = situation;
  const why = whyNotNow(context);
  if (why === null) return isFreeFor(situation, action);
  context.draft.wait('turn', placeOf(view), why);
  return false;
}

/** The same of a repair too, when it is a restart: no more are missing at once than the budget allows, and at least one. */
export function isFreeFor(situation: SlotSituation, action: Action): boolean {
  const { context, view, policy, order } = situation;
  const { draft, world } = context;
  const own = context.views.find(({ service }) => service.name === view.service.name);
  const all = own === undefined ? [] : countedSlots(world, own);
  const others = all.filter(({ key }) => key !== view.key);
  const restarts = isRestart(action);
  const busy = others.filter((other) => isBusy(context, other) || (restarts && !other.available));
  const atOnce = policy.parallelism === 0 ? all.length : policy.parallelism;
  const { unavailable } = boundsOf(policy, order.order, all.length);
  const limit = restarts ? Math.min(atOnce, Math.max(1, unavailable)) : atOnce;
  const after = lastChangeOf(others) + policy.delayMs;
  const isBegun = world.now < wellAt(view);
  if (!view.available || isBegun || (busy.length < limit && world.now >= after)) return true;
  const until = [after, ...busy.map(wellAt)].filter((time) => time > world.now);
  const earliest = until.length === 0 ? null : Math.min(...until);
  draft.wait('turn', placeOf(view), 'its turn: others are changed in place first', earliest);
  return false;
}

/** Why nothing that a commit asks for may be changed now, in words; null: it may. */
export function whyNotNow({ hold, holdsChanges, target }: ApplicationContext): string | null {
  if (target.mode === 'halted') return 'the rollout is paused: its revision failed';
  if (hold !== null) return hold.message;
  return holdsChanges ? 'not every slot can be placed' : null;
}

const inPlace: ReadonlySet<ActionKind> = new Set([
  'update-container',
  'deliver-files',
  'connect-network',
  'disconnect-network',
  'rename-container',
]);

/** It is being changed, was so a moment ago, did not survive it, or the engine refuses. */
export function isBusy({ draft, world }: ApplicationContext, view: SlotView): boolean {
  const { key, phase, inFlight, failure, record, available } = view;
  if (phase.kind !== 'promoted') return false;
  if (inFlight !== undefined && inPlace.has(inFlight)) return true;
  if (failure !== undefined && inPlace.has(failure.action)) return true;
  if (draft.steps.some((step) => step.key === key && inPlace.has(step.action.kind))) return true;
  if (view.recovering) return true;
  return record?.changedAt !== undefined && (world.now < wellAt(view) || !available);
}

const never = Number.NEGATIVE_INFINITY;

function lastChangeOf(views: readonly SlotView[]): number {
  return Math.max(never, ...views.map(({ record }) => record?.changedAt ?? never));
}

/** When it has been well for long enough since it was changed, or started anew by that. */
export function wellAt({ record, service, current }: SlotView): number {
  const changedAt = record?.changedAt ?? never;
  const startedAt = changedAt === never ? never : (current?.container.startedAt ?? never);
  return Math.max(changedAt, startedAt) + service.gate.minHealthyTimeMs;
}

/** Changes the instance of a slot as a commit asks, in place: all of its limits, or of its files, in one step. */
export function changeInPlace(
  situation: SlotSituation,
  { path, desired, observed, remedy }: Difference,
  action: Action,
): void {
  const { context, view } = situation;
  const changes: readonly Change[] =
    remedy.kind === 'update-resources' || remedy.kind === 'deliver'
      ? view.differences.filter((one) => one.remedy.kind === remedy.kind).map(changeOf)
      : [{ path, from: observed, to: desired }];
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : '';
  context.draft.entries.push(changeEntry(situation));
  actOn(situation, path, `${path} changed${more}, ${howOf(action)}`, action, changes);
}

/** To be noted before a step after which an instance must show that it is well. */
export function changeEntry({ context, view }: SlotSituation): JournalEntry {
  return { kind: 'changed-in-place', slot: view.key, at: context.world.now };
}

function howOf(action: Action): string {
  if (action.kind !== 'deliver-files') return 'in place';
  const { telling } = action;
  return telling.kind === 'restart'
    ? 'and it restarts'
    : `and it gets ${telling.signals.join(', ')}`;
}

function changeOf({ path, desired, observed }: Difference): Change {
  return { path, from: observed, to: desired };
}
