import type { ServiceSpec } from '../model/application.ts';
import type { JournalEntry, RolloutRecord } from '../model/journal-state.ts';
import type { ApplicationContext } from './application-context.ts';
import { isAtTarget, isQuarantined, isServiceProven, isSettled } from './application-context.ts';
import { isAway } from './counted-slots.ts';
import type { Blocked, Draft, Waiting } from './draft.ts';
import { failuresOf } from './fail-slot.ts';
import { nextRepairAt, repairsInARow } from './heal.ts';
import { quarantineEntry } from './quarantine.ts';
import type { SlotView } from './slot-view.ts';
import { rolloutKey } from './target.ts';
import type { World } from './world.ts';

/**
 * A rollout that makes no progress for its deadline ends, whatever it waits for: nothing hangs for ever. Where hosts, disks
 * or registries are in the way it is not the revision's fault, and going back would need the same: it is said, and goes
 * on when they are back. Else what does not come up is given up. A rollback that makes no progress is said, and takes no
 * more from what serves.
 */
export function decideDeadline(context: ApplicationContext, settled: boolean): void {
  const { draft, world, target } = context;
  // What is paused by one failure fails no other.
  if (target.mode === 'halted') return;
  const deadline = progressDeadline(context);
  if (deadline === null || draft.isVoid() || draft.entries.some(isProgress)) return;
  if (settled && !draft.waiting.some(isWatched)) return;
  if (isExcused(draft)) return excuse(context, deadline);
  if (world.now < deadline) return draft.wakeBy(deadline);
  const message = overdueMessage(context);
  if (context.record.rollout?.isRollback === true) {
    return draft.block('', '', 'RollbackFailed', message);
  }
  const stuck = stuckServices(context);
  if (stuck.length === 0) {
    return draft.block('', '', 'ProgressDeadlineExceeded', message, 'infrastructure');
  }
  for (const { service, slot, host } of stuck) {
    const site = { reason: 'ProgressDeadlineExceeded', message, slot, host, container: null };
    draft.entries.push(quarantineEntry(context, service, site));
  }
}

/** All is well and only watched, or something is in the way that is nobody's fault here. */
function isExcused({ waiting, blocked }: Draft): boolean {
  const isLookedFor = waiting.some(({ kind, until }) => kind === 'host' && until !== null);
  // How long a pull takes is a matter of the registry and the network.
  const isPulled = waiting.some(({ kind }) => kind === 'image');
  const isInfrastructure = blocked.some((one) => one.class === 'infrastructure');
  return isLookedFor || isPulled || isInfrastructure || waiting.some(isWatched);
}

/**
 * The deadline is put off, in time for there to be half of it when the state that excuses it ends. That infrastructure has
 * been in the way for a whole deadline is said.
 */
function excuse(context: ApplicationContext, deadline: number): void {
  const { draft, world, application, views, record } = context;
  const limitMs = limitOf(views);
  const at = deadline - limitMs / 2;
  if (world.now < at) draft.wakeBy(at);
  else draft.entries.push({ kind: 'deadline-put-off', application, at: world.now });
  const isInTheWay = draft.blocked.some((one) => one.class === 'infrastructure');
  const progressAt = lastProgressAt(context, record.rollout);
  if (!isInTheWay || draft.waiting.some(isWatched) || world.now < progressAt + limitMs) return;
  draft.block('', '', 'ProgressDeadlineExceeded', overdueMessage(context), 'infrastructure');
}

function overdueMessage({ draft, views }: ApplicationContext): string {
  const seconds = limitOf(views) / 1000;
  return `no progress for ${seconds} s: ${explain(draft.blocked, draft.waiting)}`;
}

/**
 * A rollback that was given its time and did not come through: what serves is not touched any more, unless the manifest
 * says to go on.
 */
export function isUndoOverdue(context: ApplicationContext, service: ServiceSpec): boolean {
  const deadline = progressDeadline(context);
  const isRollback = context.record.rollout?.isRollback === true;
  const isOverdue = isRollback && deadline !== null && context.world.now >= deadline;
  return isOverdue && service.rollback.failureAction !== 'continue';
}

/**
 * When the rollout under way has gone without progress for too long, in milliseconds since the epoch; null without one.
 * Time in which nobody looked on, or a host of it could not be seen, does not count.
 */
export function progressDeadline(context: ApplicationContext): number | null {
  const { record, target, hold, views } = context;
  const { rollout } = record;
  if (rollout === null || hold !== null || rollout.key !== rolloutKey(target.spec)) return null;
  const from = Math.max(lastProgressAt(context, rollout), rollout.deadlinePutOffAt ?? 0);
  return from + limitOf(views);
}

function lastProgressAt(
  { views, world }: ApplicationContext,
  rollout: RolloutRecord | null,
): number {
  const { startedAt, lastPromotedAt, lastStagePassedAt, settledAt } = rollout ?? {};
  const promotedAt = (lastPromotedAt ?? 0) + delayOf(views);
  const progress = [startedAt, promotedAt, lastStagePassedAt, settledAt, world.watchingSince];
  const times = progress.map((time) => time ?? 0);
  return Math.max(
    ...times,
    ...workDone(views),
    ...seenSince(world, views),
    ...dueSince(world, views),
  );
}

/** Since when the hosts of the slots have been seen without a break. */
function seenSince({ observations }: World, views: ApplicationContext['views']): readonly number[] {
  const hosts = views.flatMap(({ slots }) => slots.map(({ host }) => host));
  return hosts.flatMap((host) => {
    const observation = host === null ? undefined : observations.get(host);
    return observation?.kind === 'reachable' ? [observation.watchedSince] : [];
  });
}

/** When the next repair of a slot is due that was put off before the operator began to look: it knows no more why. */
function dueSince(world: World, views: ApplicationContext['views']): readonly number[] {
  const records = views.flatMap(({ slots }) => slots.map(({ record }) => record));
  return records.flatMap((record) => {
    const isPutOff = repairsInARow(record, world.now) > 0;
    const isKnown = record !== undefined && record.lastRepairAt >= world.watchingSince;
    return isPutOff && !isKnown ? [nextRepairAt(record, world.now)] : [];
  });
}

/** When work that is done once was done: it is never promoted, but it is progress. */
function workDone(views: ApplicationContext['views']): readonly number[] {
  const slots = views.flatMap((one) => one.slots);
  return slots.flatMap(({ service, phase, current }) =>
    phase.kind === 'promoted' && service.container.restart.name === 'no'
      ? [current?.container.finishedAt ?? 0]
      : [],
  );
}

function limitOf(views: ApplicationContext['views']): number {
  return Math.max(0, ...views.map(({ service }) => service.rollout.progressDeadlineMs));
}

/** The longest pause between two slots that the manifest asks for. */
function delayOf(views: ApplicationContext['views']): number {
  const services = views.map(({ service }) => service);
  return Math.max(
    0,
    ...services.map(({ update, rollback }) => Math.max(update.delayMs, rollback.delayMs)),
  );
}

/** All is well, and how long it takes is for the manifest or for somebody to say. */
export function isWatched({ kind }: Waiting): boolean {
  return kind === 'promotion' || kind === 'monitor';
}

/** What is about to be written starts the clock anew. */
function isProgress({ kind }: JournalEntry): boolean {
  return kind === 'promoted' || kind === 'stage-passed';
}

function explain(blocked: readonly Blocked[], waiting: readonly Waiting[]): string {
  const [first] = blocked;
  if (first !== undefined) return `${where(first)}${first.message}`;
  const wait = waiting.find(({ kind }) => kind !== 'turn') ?? waiting[0];
  return wait === undefined ? 'nothing says why' : `${where(wait)}${wait.reason}`;
}

function where({ service, slot }: { readonly service: string; readonly slot: string }): string {
  const place = [service, slot].filter((part) => part !== '').join('/');
  return place === '' ? '' : `${place}: `;
}

/** Its host cannot be seen, or the manifest lets the rollout go on over its failure. */
function isExempt(context: ApplicationContext, view: SlotView): boolean {
  const isTolerated = failuresOf(context, view).some(({ verdict }) => verdict === 'tolerated');
  return isTolerated || isAway(context.world, view);
}

interface Stuck {
  readonly service: ServiceSpec;
  readonly slot: string;
  readonly host: ApplicationContext['views'][number]['slots'][number]['host'];
}

/** The services whose new version does not come up: those that something stands in the way of before those that wait for others. */
function stuckServices(context: ApplicationContext): readonly Stuck[] {
  const open = context.views.flatMap(({ service, slots }): readonly Stuck[] => {
    const stuck = slots.find(
      (view) =>
        isAtTarget({ service }, view) &&
        !isServiceProven(context, view.service) &&
        !isQuarantined(context, view.service) &&
        !isSettled(view) &&
        !isExempt(context, view),
    );
    const goesOn = service.update.failureAction === 'continue';
    if (stuck === undefined || goesOn) return [];
    return [{ service: stuck.service, slot: stuck.slot, host: stuck.host }];
  });
  const named = new Set(context.draft.blocked.map(({ service }) => service));
  const blocked = open.filter(({ service }) => named.has(service.name));
  return blocked.length > 0 ? blocked : open;
}
