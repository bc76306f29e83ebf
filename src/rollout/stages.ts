import type { ServiceSpec } from '../model/application.ts';
import type { ApplicationRecord } from '../model/journal-state.ts';
import { coveredHash } from '../model/hash.ts';
import { slotKey } from '../model/labels.ts';
import { serviceOn } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext, ServiceViews } from './application-context.ts';
import { isAtTarget } from './application-context.ts';
import type { CanaryStage } from './canary-stage.ts';
import {
  analysisTarget,
  failByAnalysis,
  judgeAnalysis,
  measuredInWords,
} from './decide-analysis.ts';
import { countedSlots, isAway } from './counted-slots.ts';
import { troubleOf } from './fail-slot.ts';
import { unseenAfter, watchedFrom } from './last-look.ts';
import { canarySlots } from './shares.ts';
import type { SlotContext, SlotView } from './slot-view.ts';
import { isPromoted, isServing } from './slot-view.ts';
import type { Target } from './target.ts';
import { provenOn, provenService, rolloutKey } from './target.ts';

/** The stage of a service, or null when nothing holds its slots back: they roll, or nothing runs yet that could be kept. */
export function stageOf(
  record: ApplicationRecord,
  target: Target,
  service: ServiceSpec,
  slots: number,
): CanaryStage | null {
  const { steps, promote } = service.rollout;
  const good = provenService(record, service.name);
  if (target.mode !== 'desired' || steps.length === 0 || slots === 0) return null;
  if (good === null || coveredHash(good) === coveredHash(service)) return null;
  const isOurs = record.rollout?.key === rolloutKey(target.spec);
  if (isOurs && record.rollout?.isPromotionGranted) return null;
  const index = (isOurs ? record.rollout?.stages[service.name]?.index : undefined) ?? 0;
  if (index >= steps.length && promote === 'auto') return null;
  const step = steps[Math.min(index, steps.length - 1)];
  if (step === undefined) return null;
  const canaries = canarySlots(step.slots, slots);
  return { index, of: steps.length, canaries, bakeMs: step.bakeMs };
}

/**
 * In which order the slots of a service become canaries: those of a global service are hosts, of which those that have one
 * already come first and those that cannot be seen last. Where an override has changed, what it does not change shows
 * nothing, and comes after all others.
 */
export function canaryOrder(
  { world, application, assignments, instances, record }: SlotContext,
  service: ServiceSpec,
  slots: readonly string[],
): readonly string[] {
  const { name, mode, variants } = service;
  if (mode !== 'global' && variants === undefined) return slots;
  const rank = (slot: string): number => {
    const key = slotKey({ application, service: name, slot });
    const host = assignments.get(key) ?? null;
    const { hash } = serviceOn(service, host);
    if (variants !== undefined && provenOn(record, name, host)?.hash === hash) return 3;
    if (mode !== 'global') return 0;
    if (instances.get(key)?.some((one) => one.hash === hash) === true) return 0;
    return isAway(world, { host }) ? 2 : 1;
  };
  return slots.toSorted((a, b) => rank(a) - rank(b));
}

/** All canaries of the step stand and are well: then they are watched, and then comes the next step. */
export function decideStages(context: ApplicationContext): void {
  for (const views of context.views) {
    // Nothing has begun while another application is waited for.
    if (views.stage !== null && context.hold === null) decideStage(context, views, views.stage);
  }
}

function decideStage(
  context: ApplicationContext,
  { service, slots }: ServiceViews,
  stage: CanaryStage,
): void {
  const { draft, application, record, world } = context;
  const { name } = service;
  const place = { service: name, slot: '', host: null };
  const own = slots.filter((view) => isAtTarget({ service }, view));
  const canaries = countedSlots(world, { service, slots: own });
  const known = record.rollout?.stages[name]?.settledAt ?? null;
  if (!canaries.every((view) => isWell(context, view))) {
    if (known !== null) {
      draft.entries.push({ kind: 'stage-settled', application, service: name, at: null });
    }
    return;
  }
  if (stage.index >= stage.of) {
    const message = `the canaries are well: say "fleetwright promote ${application}" or "abort"`;
    draft.wait('promotion', place, message);
    return;
  }
  if (known === null) {
    draft.entries.push({ kind: 'stage-settled', application, service: name, at: world.now });
  }
  const from = watchedFrom(known ?? world.now, canaries);
  const until = from + stage.bakeMs;
  const analysis = analysisTarget(context, service, from);
  if (analysis !== null) draft.analyses.push(analysis);
  const verdict = analysis === null ? null : judgeAnalysis(context, analysis);
  if (verdict?.kind === 'failed' && service.update.failureAction !== 'continue') {
    return failByAnalysis(context, service, canaries, verdict.message);
  }
  const step = `canary step ${stage.index + 1} of ${stage.of}`;
  if (world.now < until) {
    const what = `${canaries.length} of ${slots.length} slots`;
    const measured = analysis === null ? '' : `; ${measuredInWords(context, analysis)}`;
    return draft.wait('monitor', place, `${step} is watched: ${what}${measured}`, until);
  }
  const unseen = unseenAfter(context, canaries, from, until);
  if (unseen.length > 0) {
    draft.look(unseen);
    return draft.wait('monitor', place, 'canaries: their hosts are looked at once more');
  }
  if (verdict?.kind === 'open') return draft.wait('monitor', place, `${step}: ${verdict.message}`);
  if (verdict?.kind === 'inconclusive') {
    const message = `${step}: ${verdict.message}: say "fleetwright promote ${application}" or "abort"`;
    return draft.wait('promotion', place, message);
  }
  const next = stage.index + 1;
  draft.entries.push({ kind: 'stage-passed', application, service: name, next, at: world.now });
}

function isWell(context: ApplicationContext, view: SlotView): boolean {
  const { phase, current, inFlight } = view;
  return (
    phase.kind === 'promoted' &&
    inFlight === undefined &&
    current !== null &&
    isServing(context, current) &&
    troubleOf(context, current) === null
  );
}

/** It is what last-known-good has on its host. */
function isOfProven(
  { record }: ApplicationContext,
  { identity, hash, container }: Instance,
): boolean {
  return provenOn(record, identity.service, container.host)?.hash === hash;
}

/** The instance that a canary runs beside, which serves on until the canaries are promoted. */
export function heldPredecessor(context: ApplicationContext, view: SlotView): Instance | null {
  const held = view.others.find(
    (other) =>
      isOfProven(context, other) && isPromoted(other, context.record) && isServing(context, other),
  );
  return held ?? null;
}
