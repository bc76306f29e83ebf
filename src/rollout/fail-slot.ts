import type { SlotFailure } from '../model/journal-state.ts';
import { isHostOf, namespaceOf } from '../model/namespace.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import { versionsOf } from '../model/variants.ts';
import { otherHosts } from '../placement/other-hosts.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { isQuarantined, isServiceProven } from './application-context.ts';
import { isHostSuspect } from './control-group.ts';
import { quarantineEntry } from './quarantine.ts';
import type { SlotView } from './slot-view.ts';
import { isRestartedSince } from './slot-view.ts';

/** Why a slot of a revision failed, and whether another try can be worth anything. */
export interface Failing {
  /** Stable code, such as `Exited`. */
  readonly reason: string;
  readonly message: string;
  /** It would fail on every host alike: an image that is not there, a command that is not in it. */
  readonly isCertain: boolean;
}

/**
 * What becomes of a failed slot. `repair`: its hash has proved itself before, so it is not the revision's fault; `moves`:
 * the next try is to be on another host, so that what still serves here may do so until then;
 * `again`: the instance goes, and the slot gets another one; `held`: nothing more is done about the slot now.
 */
export type FailureEffect = 'repair' | 'moves' | 'again' | 'held';

/**
 * Counts a failed instance against its revision, by semantics §10.3: not when its hash has proved itself, nor when the old
 * revision fails beside it; not yet when the slot has another try on another host, or the manifest tolerates it; else the
 * hash is quarantined.
 */
export function failSlot(
  context: ApplicationContext,
  view: SlotView,
  failing: Failing,
): FailureEffect {
  const { service, slot, host } = view;
  const { draft } = context;
  const container = view.current?.container.id ?? null;
  if (isServiceProven(context, service) || host === null) return 'repair';
  if (isQuarantined(context, service)) {
    draft.block(service.name, slot, 'RolloutFailed', failing.message);
    return 'held';
  }
  const known = failuresOf(context, view).find((failure) => isSame(failure, container));
  const effect = container === null ? 'held' : 'again';
  if (known !== undefined) return effect;
  const verdict = judgeFailure(context, view, failing, host);
  if (verdict === 'fatal') {
    draft.entries.push(quarantineEntry(context, service, { ...failing, slot, host, container }));
    return 'held';
  }
  const { reason, message } = failing;
  const { hash } = service;
  const at = context.world.now;
  const { application } = context;
  const failure = {
    service: service.name,
    hash,
    slot,
    host,
    container,
    reason,
    message,
    at,
    verdict,
  };
  draft.entries.push({ kind: 'attempt-failed', application, failure });
  return verdict === 'retried' ? 'moves' : effect;
}

function judgeFailure(
  context: ApplicationContext,
  view: SlotView,
  failing: Failing,
  host: HostName,
): SlotFailure['verdict'] | 'fatal' {
  if (endedUnseen(context, view)) return 'unseen';
  if (!failing.isCertain && isHostSuspect(context, view.service, host)) return 'excused';
  if (!failing.isCertain && hasAnotherTry(context, view, host)) return 'retried';
  return isTolerated(context, view) ? 'tolerated' : 'fatal';
}

/** What the engine notes for a container that ended while it was not there to see it: after a loss of power, or a kill of its own. */
const unseenExitCode = 255;

/** It is believed once for each slot: a program can end with this code too. */
function endedUnseen(context: ApplicationContext, view: SlotView): boolean {
  const container = view.current?.container;
  const isUnseen = container?.state === 'exited' && container.exitCode === unseenExitCode;
  return isUnseen && !failuresOf(context, view).some(({ verdict }) => verdict === 'unseen');
}

/** Whether the slot may be tried on a host where this version of it has not failed. */
function hasAnotherTry(context: ApplicationContext, view: SlotView, host: HostName): boolean {
  const { service } = view;
  const failed = failuresOf(context, view).filter(({ verdict }) => verdict === 'retried');
  if (failed.length + 1 >= service.rollout.attempts) return false;
  const tried = new Set([host, ...failed.map((failure) => failure.host)]);
  const { fleet } = context.world.desired;
  const namespace = namespaceOf(fleet, context.desired);
  const hosts = fleet.hosts.filter((one) => namespace === undefined || isHostOf(namespace, one));
  // On another host it may be another version.
  const asked = context.target.spec.services.find(({ name }) => name === service.name) ?? service;
  return otherHosts(asked, hosts, context.world.observations, tried).length > 0;
}

/** Whether the manifest lets a rollout go on over this failed slot and those that failed before it. */
function isTolerated(context: ApplicationContext, view: SlotView): boolean {
  const { failureAction, maxFailureRatio } = view.service.update;
  // A job runs once, and what waits for it waits for its success.
  if (view.service.job !== null) return false;
  if (failureAction === 'continue') return true;
  const { name, hash } = view.service;
  const views = context.views.find(({ service }) => service.name === name);
  const versions = views === undefined ? [] : versionsOf(views.service);
  const hashes = new Set([hash, ...versions.map((version) => version.hash)]);
  const failures = context.record.rollout?.failures ?? [];
  const failed = new Set(
    failures
      .filter((one) => one.service === name && hashes.has(one.hash) && one.verdict === 'tolerated')
      .map(({ slot }) => slot),
  ).add(view.slot);
  return failed.size <= Math.floor(maxFailureRatio * (views?.slots.length ?? 0));
}

/** The failed tries of a slot at the version that it asks for, the newest last. */
export function failuresOf(
  { record }: Pick<ApplicationContext, 'record'>,
  { service, slot }: Pick<SlotView, 'service' | 'slot'>,
): readonly SlotFailure[] {
  const failures = record.rollout?.failures ?? [];
  return failures.filter(
    (one) => one.service === service.name && one.hash === service.hash && one.slot === slot,
  );
}

/** A container fails once; what was refused before it was one fails once too. */
function isSame(failure: SlotFailure, container: ContainerId | null): boolean {
  return container === null ? failure.verdict === 'tolerated' : failure.container === container;
}

/** What counts against a revision that is promoted but has not proved itself yet. */
export function troubleOf(
  { record, world }: Pick<ApplicationContext, 'record' | 'world'>,
  { container }: Instance,
): Failing | null {
  if (container.state === 'running' && container.health === 'unhealthy') {
    const message = 'its HEALTHCHECK turned unhealthy after promotion';
    return { reason: 'Unhealthy', message, isCertain: false };
  }
  // When the journal was lost, the rollout that is begun anew is not told of what happened before it.
  if (isRestartedSince(container, record.rollout?.startedAt ?? world.now)) {
    const message = `it exited with code ${container.exitCode} after promotion and was restarted`;
    return { reason: 'CrashLoop', message, isCertain: false };
  }
  return null;
}
