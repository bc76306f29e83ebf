import type { ApplicationSpec } from '../model/application.ts';
import { digestOf } from '../model/digest.ts';
import type { ApplicationContext } from './application-context.ts';
import { isServiceProven } from './application-context.ts';
import { countedSlots } from './counted-slots.ts';
import { awaitLastRequests } from './decide-proof.ts';
import { unseenAfter, watchedFrom } from './last-look.ts';
import { renewalEntries } from './older-schemas.ts';
import { isProvenSpec, rolloutKey } from './target.ts';

/**
 * The record of the rollout: when it began, since when everything has been in place, and, after that was watched for
 * `monitor`, the move of last-known-good. It moves on success only; a rollback moves nothing.
 */
export function decideCompletion(context: ApplicationContext, settled: boolean): void {
  if (context.target.mode === 'desired') decideRollout(context, settled);
  else if (context.target.mode === 'rollback') decideRollback(context, settled);
}

function decideRollout(context: ApplicationContext, settled: boolean): void {
  const { target, record, world, draft, application } = context;
  const { now } = world;
  const key = rolloutKey(target.spec);
  const good = record.lastKnownGood;
  const isProvenKey = isProvenSpec(record, target.spec);
  if (settled && isProvenKey && good !== null) {
    if (record.rollout === null && isSameSpec(good.spec, target.spec)) return;
    return succeed(context);
  }
  const { rollout } = record;
  // A rollout that waits for another application has not begun: its clock does not run.
  if (context.hold !== null) return;
  const isNew = rollout?.key !== key || rollout.isRollback;
  // A revert commit is another try of a rollback that failed.
  if (isNew && (!isProvenKey || rollout?.isRollback === true)) {
    const commit = target.commit;
    draft.entries.push({
      kind: 'rollout-started',
      application,
      key,
      commit,
      isRollback: false,
      at: now,
    });
  }
  if (!settled) {
    if (rollout !== null && rollout.settledAt !== null) {
      draft.entries.push({ kind: 'rollout-settled', application, at: null });
    }
    return;
  }
  const settledAt = isNew ? null : (rollout?.settledAt ?? null);
  if (settledAt === null) draft.entries.push({ kind: 'rollout-settled', application, at: now });
  const slots = context.views.flatMap((one) => countedSlots(world, one));
  const from = watchedFrom(settledAt ?? now, slots);
  const until = from + monitorMs(context);
  if (now < until) {
    return draft.wait('monitor', whole, 'monitor: the new revision is watched', until);
  }
  const unseen = unseenAfter(context, slots, from, until);
  if (unseen.length > 0) {
    draft.look(unseen);
    draft.wait('monitor', whole, 'monitor: its hosts are looked at once more');
  } else if (!awaitLastRequests(context)) {
    succeed(context);
  }
}

/** Undoing is a rollout of its own, with its own clock; it begins once and ends once. */
function decideRollback(context: ApplicationContext, settled: boolean): void {
  const { target, record, world, draft, application } = context;
  const { rollout } = record;
  if (rollout === null) return;
  if (settled) {
    if (awaitLastRequests(context)) return;
    draft.entries.push({ kind: 'rolled-back', application, at: world.now });
    return;
  }
  if (rollout.isRollback) return;
  draft.entries.push({
    kind: 'rollout-started',
    application,
    key: rolloutKey(target.spec),
    commit: target.commit,
    isRollback: true,
    at: world.now,
  });
}

const whole = { service: '', slot: '', host: null };

function succeed(context: ApplicationContext): void {
  const { draft, application, target, world } = context;
  const { spec, commit } = target;
  draft.entries.push(...renewalEntries(context));
  draft.entries.push({ kind: 'succeeded', application, spec, commit, at: world.now });
}

/** The longest watch that a service asks for which runs and is not proven. */
function monitorMs({ views, record }: ApplicationContext): number {
  const changed = views.filter(
    ({ service, slots }) => slots.length > 0 && !isServiceProven({ record }, service),
  );
  return Math.max(0, ...changed.map(({ service }) => service.update.monitorMs));
}

const digests = new WeakMap<ApplicationSpec, string>();

/** Specifications are kept by the parse cache and the journal, so each is digested once and not at every pass. */
function isSameSpec(a: ApplicationSpec, b: ApplicationSpec): boolean {
  return a === b || specDigest(a) === specDigest(b);
}

function specDigest(spec: ApplicationSpec): string {
  const known = digests.get(spec);
  if (known !== undefined) return known;
  const digest = digestOf(spec);
  digests.set(spec, digest);
  return digest;
}
