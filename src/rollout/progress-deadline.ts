import type { ServiceSpec } from '../model/application.ts';
import type { ApplicationContext } from './application-context.ts';
import { isQuarantined, isServiceProven, isSettled } from './application-context.ts';
import type { Blocked, Waiting } from './draft.ts';
import { quarantineEntry } from './quarantine.ts';
import { rolloutKey } from './target.ts';

/**
 * A rollout that makes no progress for its deadline ends, whatever it waits for: nothing hangs for ever. Where hosts, disks
 * or registries are in the way it is not the revision's fault, and going back would need the same: it is said, and goes
 * on when they are back. Else what does not come up is given up. A rollback that makes no progress is said, and takes no
 * more from what serves.
 */
export function decideDeadline(context: ApplicationContext, settled: boolean): void {
  const { draft, world } = context;
  const deadline = progressDeadline(context);
  if (settled || deadline === null || draft.isVoid() || draft.waiting.some(isWatched)) return;
  if (world.now < deadline) return draft.wakeBy(deadline);
  const { limitMs, isRollback } = overdue(context);
  const explanation = explain(draft.blocked, draft.waiting);
  const message = `no progress for ${limitMs / 1000} s: ${explanation}`;
  if (isRollback) return draft.block('', '', 'RollbackFailed', message);
  const isInfrastructure = draft.blocked.some((one) => one.class === 'infrastructure');
  const stuck = isInfrastructure ? [] : stuckServices(context);
  if (stuck.length === 0) {
    return draft.block('', '', 'ProgressDeadlineExceeded', message, 'infrastructure');
  }
  for (const { service, slot, host } of stuck) {
    const site = { reason: 'ProgressDeadlineExceeded', message, slot, host, container: null };
    draft.entries.push(quarantineEntry(context, service, site));
  }
}

/** A rollback that was given its time and did not come through: what serves is not touched any more. */
export function isUndoOverdue(context: ApplicationContext): boolean {
  const deadline = progressDeadline(context);
  const isRollback = context.record.rollout?.isRollback === true;
  return isRollback && deadline !== null && context.world.now >= deadline;
}

/**
 * When the rollout under way has gone without progress for too long, in milliseconds since the epoch; null without one.
 * Time in which nobody looked on does not count.
 */
export function progressDeadline({
  record,
  target,
  hold,
  views,
  world,
}: ApplicationContext): number | null {
  const { rollout } = record;
  if (rollout === null || hold !== null || rollout.key !== rolloutKey(target.spec)) return null;
  const { startedAt, lastPromotedAt, lastStagePassedAt, settledAt } = rollout;
  const progress = [startedAt, lastPromotedAt, lastStagePassedAt, settledAt, world.watchingSince];
  return Math.max(...progress.map((time) => time ?? 0), ...workDone(views)) + limitOf(views);
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

function overdue({ record, views }: ApplicationContext): {
  readonly limitMs: number;
  readonly isRollback: boolean;
} {
  return { limitMs: limitOf(views), isRollback: record.rollout?.isRollback === true };
}

function limitOf(views: ApplicationContext['views']): number {
  return Math.max(0, ...views.map(({ service }) => service.rollout.progressDeadlineMs));
}

/** All is well, and how long it takes is for the manifest or for somebody to say. */
function isWatched({ kind }: Waiting): boolean {
  return kind === 'promotion' || kind === 'monitor';
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

interface Stuck {
  readonly service: ServiceSpec;
  readonly slot: string;
  readonly host: ApplicationContext['views'][number]['slots'][number]['host'];
}

/** The services whose new version does not come up: those that something stands in the way of before those that wait for others. */
function stuckServices(context: ApplicationContext): readonly Stuck[] {
  const open = context.views.flatMap(({ service, slots }): readonly Stuck[] => {
    const slot = slots.find((view) => view.service === service && !isSettled(view));
    const isNew = !isServiceProven(context, service) && !isQuarantined(context, service);
    const goesOn = service.update.failureAction === 'continue';
    if (slot === undefined || !isNew || goesOn) return [];
    return [{ service, slot: slot.slot, host: slot.host }];
  });
  const named = new Set(context.draft.blocked.map(({ service }) => service));
  const blocked = open.filter(({ service }) => named.has(service.name));
  return blocked.length > 0 ? blocked : open;
}
