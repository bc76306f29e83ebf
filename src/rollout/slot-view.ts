import type { ServiceSpec } from '../model/application.ts';
import type { ApplicationRecord, SlotRecord } from '../model/journal-state.ts';
import { slotKey } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import type { ObservedContainer } from '../model/observation.ts';
import type { ActionKind } from '../model/step.ts';
import { updateRefused } from '../model/step.ts';
import { serviceOn, versionsOf } from '../model/variants.ts';
import type { Difference, Remedy } from '../drift/assess-instance.ts';
import type { Instance } from '../drift/identify.ts';
import { isStray } from './shared-instances.ts';
import type { Leaving } from './evictions.ts';
import type { Verdict } from './gate.ts';
import type { IgnoredDifference } from './differences.ts';
import { differencesOf, ignoredDifferencesOf } from './differences.ts';
import { judge } from './gate.ts';
import { judgePostStart, postStartOf } from './post-start.ts';
import { judgeJob } from './judge-job.ts';
import { isAskedAnew } from './recovering.ts';
import { isProven } from './target.ts';
import type { FailedStep, World } from './world.ts';

/** Where one slot stands, as seen on the hosts. Nothing of it is remembered: it is read anew each time. */
export interface SlotView {
  readonly key: string;
  readonly slot: string;
  /** As it is on its host. */
  readonly service: ServiceSpec;
  /** The host that placement gave it; null when it has none. */
  readonly host: HostName | null;
  /** The instance that is, or is to become, what the service asks for. */
  readonly current: Instance | null;
  readonly phase: Phase;
  /** Other instances of the slot, which `current` replaces. */
  readonly others: readonly Instance[];
  /** Some instance of the slot serves now. */
  readonly available: boolean;
  /** A promoted `current` is asked by its gate again, and has not passed it: see recovering.ts. */
  readonly recovering: boolean;
  /** How a promoted `current` differs from what is asked for. */
  readonly differences: readonly Difference[];
  /** Differences of a promoted `current` that a rule leaves alone. */
  readonly ignored: readonly IgnoredDifference[];
  readonly inFlight: ActionKind | undefined;
  readonly failure: FailedStep | undefined;
  readonly record: SlotRecord | undefined;
}

export type Phase =
  | { readonly kind: 'absent' }
  /** Made and never started. */
  | { readonly kind: 'created' }
  | { readonly kind: 'probation'; readonly verdict: Verdict }
  | { readonly kind: 'promoted' };

export interface SlotContext {
  readonly world: World;
  readonly application: string;
  readonly record: ApplicationRecord;
  readonly assignments: ReadonlyMap<string, HostName>;
  /** By slot key, what is to leave a host for something more important, of all applications. */
  readonly leaving: ReadonlyMap<string, Leaving>;
  /** Instances of the application by slot key, the highest epoch first. */
  readonly instances: ReadonlyMap<string, readonly Instance[]>;
  /** Slots of services that others share something with, by slot key: they are seen before those. */
  readonly shared: ReadonlyMap<string, SlotView>;
}

/** @param asked with its variants: the slot has the one of its host */
export function viewSlot(context: SlotContext, asked: ServiceSpec, slot: string): SlotView {
  const { world, application } = context;
  const key = slotKey({ application, service: asked.name, slot });
  const host = context.assignments.get(key) ?? null;
  const service = serviceOn(asked, host);
  const all = context.instances.get(key) ?? [];
  const current = pickCurrent(context, service, host, all);
  const phase = phaseOf(context, service, current);
  const promoted = phase.kind === 'promoted' ? current : null;
  return {
    key,
    slot,
    service,
    host,
    current,
    phase,
    others: all.filter((instance) => instance !== current),
    available:
      hasPassed(phase) ||
      isDone(service, current, phase) ||
      all.some((instance) => isServing(context, instance)),
    recovering: promoted !== null && isRecovering(context, service, key, promoted),
    differences: promoted === null ? [] : differencesOf(context, service, promoted),
    ignored: promoted === null ? [] : ignoredDifferencesOf(context, service, promoted),
    inFlight: world.inFlight.get(key),
    failure: world.failures.get(key),
    record: world.journal.slots.get(key),
  };
}

function isRecovering(
  context: SlotContext,
  service: ServiceSpec,
  key: string,
  instance: Instance,
): boolean {
  if (!isAskedAnew(context.world, key, instance.container, service.gate)) return false;
  return judgeInstance(context, service, instance).kind !== 'passed';
}

/** Promoted before on probation, then the highest epoch; a left-over, or one that must be replaced, is none. */
function pickCurrent(
  context: SlotContext,
  service: ServiceSpec,
  host: HostName | null,
  all: readonly Instance[],
): Instance | null {
  const candidates = all.filter(
    (instance) =>
      instance.hash === service.hash &&
      instance.container.host === host &&
      !isLeftOver(context, service, instance) &&
      !mustGo(context, service, instance),
  );
  const promoted = candidates.find((instance) => isPromoted(instance, context.record));
  return promoted ?? candidates[0] ?? null;
}

/** It differs in what nothing in place mends, or the engine refused to; once its successor is on the way, that goes on. */
function mustGo(context: SlotContext, service: ServiceSpec, instance: Instance): boolean {
  if (isStray(context, service, instance)) return true;
  const remedies = differencesOf(context, service, instance).map(({ remedy }) => remedy.kind);
  if (hasEndedOnProbation(instance) && remedies.some((remedy) => inPlace.has(remedy))) return true;
  if (!remedies.includes('update-resources')) return remedies.includes('replace');
  const { journal, failures } = context.world;
  const record = journal.slots.get(instance.slotKey);
  const isFollowed = record?.hash === service.hash && record.epoch > instance.identity.epoch;
  const isRefused = failures.get(instance.slotKey)?.failure.reason === updateRefused;
  return isFollowed || isRefused || remedies.includes('replace');
}

/** With which it ended says nothing of the same version with other limits or files. */
const inPlace: ReadonlySet<Remedy['kind']> = new Set(['update-resources', 'deliver']);

function hasEndedOnProbation({ container, adopted }: Instance): boolean {
  return adopted === undefined && container.state === 'exited' && container.restart.name === 'no';
}

/**
 * It has ended, and that says nothing about its revision: we stopped it ourselves, its host was out of sight since it
 * started (a reboot ends what is on probation), or the journal that could tell is lost.
 */
function isLeftOver({ world }: SlotContext, service: ServiceSpec, instance: Instance): boolean {
  const { container } = instance;
  const hasEnded = container.state === 'exited' || container.state === 'dead';
  if (!hasEnded || container.restart.name !== 'no') return false;
  const isRetired = world.journal.instances.get(container.id)?.retired;
  // Whoever made it may have given it no policy: that it has ended is no mark of ours.
  if (instance.adopted !== undefined) return isRetired === true;
  // Work that was done well is done, whoever remembers it.
  const isJob = service.container.restart.name === 'no';
  if (isJob && isFinished(instance)) return isRetired === true;
  const host = world.observations.get(container.host);
  const watchedSince = host?.kind === 'reachable' ? host.watchedSince : 0;
  return isRetired !== false || (container.startedAt ?? 0) < watchedSince;
}

function phaseOf(context: SlotContext, service: ServiceSpec, current: Instance | null): Phase {
  if (current === null) return { kind: 'absent' };
  const { container } = current;
  if (isPromoted(current, context.record)) return { kind: 'promoted' };
  if (container.state === 'created') return { kind: 'created' };
  if (service.job !== null) return jobPhase(context, service, current);
  if (service.container.restart.name === 'no' && isFinished(current)) return { kind: 'promoted' };
  const verdict = judgeInstance(context, service, current);
  const promotes = service.container.restart.name !== 'no';
  if (verdict.kind === 'passed' && !promotes) return { kind: 'promoted' };
  return { kind: 'probation', verdict };
}

/** What the gate of a service says of an instance now. */
export function judgeInstance(
  { world }: Pick<SlotContext, 'world'>,
  service: ServiceSpec,
  instance: Instance,
): Verdict {
  const { container } = instance;
  const { gate } = service;
  const hooks = postStartOf(world.journal, service, instance.container);
  const since = hooks.kind === 'done' ? hooks.at : 0;
  return (
    judgePostStart(hooks, world.now + gate.healthyDeadlineMs) ??
    judge(container, gate, world.readiness.get(container.id), world.now, since)
  );
}

function jobPhase({ world }: SlotContext, service: ServiceSpec, instance: Instance): Phase {
  const limitMs = service.gate.healthyDeadlineMs;
  const hooks = postStartOf(world.journal, service, instance.container);
  const verdict =
    judgePostStart(hooks, world.now + limitMs) ?? judgeJob(instance.container, limitMs, world.now);
  return verdict.kind === 'passed' ? { kind: 'promoted' } : { kind: 'probation', verdict };
}

/** A service that wants no restart has finished its work. */
export function isDone(service: ServiceSpec, current: Instance | null, phase: Phase): boolean {
  const wantsNoRestart = service.container.restart.name === 'no';
  return phase.kind === 'promoted' && wantsNoRestart && current !== null && isFinished(current);
}

function hasPassed(phase: Phase): boolean {
  return phase.kind === 'probation' && phase.verdict.kind === 'passed';
}

/**
 * The restart policy on the host is the mark of promotion. A service whose policy is `no` has no such mark: there a hash
 * that has proved itself counts. One that was taken on served before we came.
 */
export function isPromoted(instance: Instance, record: ApplicationRecord): boolean {
  const { container, identity, hash, adopted } = instance;
  if (adopted !== undefined) return true;
  if (container.restart.name !== 'no') return true;
  const services = record.lastKnownGood?.spec.services ?? [];
  return services
    .flatMap(versionsOf)
    .some(
      (good) =>
        good.name === identity.service &&
        good.hash === hash &&
        good.container.restart.name === 'no',
    );
}

/**
 * Running and well, and either promoted or through its gate: then it may have requests, and counts as available until it
 * is stopped. Where no restart is wanted, one that has finished well counts too.
 */
export function isServing(context: SlotContext, instance: Instance): boolean {
  const { container, adopted } = instance;
  const promoted = isPromoted(instance, context.record);
  const mayEnd = container.restart.name === 'no' && adopted === undefined;
  if (promoted && mayEnd && isFinished(instance)) return true;
  const well = container.health === 'healthy' || container.health === 'none';
  if (container.state !== 'running' || !well) return false;
  if (promoted) return true;
  return !hasFailed(context, instance) && hasPassedGate(context, instance);
}

/**
 * It ran before the operator began to look, and has not shown yet whether it is well: it may have served all the time, and is
 * given the time of its gate before it counts for nothing.
 */
export function mayServe(context: SlotContext, instance: Instance): boolean {
  const { world } = context;
  const { container } = instance;
  const ranBefore = container.startedAt !== null && container.startedAt < world.watchingSince;
  if (container.state !== 'running' || !ranBefore) return false;
  const readiness = world.readiness.get(container.id);
  const isUnknown = readiness === undefined || readiness.checkedAt === null;
  return !hasFailed(context, instance) && (isUnknown || readiness.readySince !== null);
}

/** Its version was given up; what has proved itself all the same, with other limits, was not. */
function hasFailed({ record }: SlotContext, { identity, hash }: Instance): boolean {
  const isGivenUp = record.quarantined.some(
    (failed) => failed.service === identity.service && failed.hash === hash,
  );
  return isGivenUp && !isProven(record, identity.service, hash);
}

function hasPassedGate({ world }: SlotContext, { container }: Instance): boolean {
  const readiness = world.readiness.get(container.id);
  return readiness?.startedAt === container.startedAt && readiness?.passed;
}

function isFinished({ container }: Instance): boolean {
  return container.state === 'exited' && container.exitCode === 0;
}

/** What serves in the slot goes first, and its successor, of this version, is made then: that was begun, and goes on. */
export function isVacating({ phase, record, service }: SlotView): boolean {
  return phase.kind === 'absent' && record?.vacating === true && record.hash === service.hash;
}

/** It serves still, but a step that may end that is under way or was begun: it is not to be counted on any more. */
export function isLeaving(view: SlotView): boolean {
  const { phase, inFlight } = view;
  const isActedOn = inFlight !== undefined && inFlight !== 'create-container';
  return phase.kind === 'absent' && (isActedOn || isVacating(view));
}

/** Takes part in the budget: it holds memory, and requests may go to it. */
export function isLive({ container }: Instance): boolean {
  return ['running', 'paused', 'restarting'].includes(container.state);
}

/** Its own policy has started it again since then, or is about to. */
export function isRestartedSince(container: ObservedContainer, since: number): boolean {
  if (container.state === 'restarting') return true;
  return container.restartCount > 0 && (container.startedAt ?? 0) >= since;
}
