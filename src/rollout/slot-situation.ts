import type { ServiceSpec, UpdatePolicy } from '../model/application.ts';
import { preStopOf, type Hook } from '../model/hooks.ts';
import type { HealedDrift } from '../model/healed-drift.ts';
import { healedDriftInWords, isContended } from '../model/healed-drift.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { Change, Step } from '../model/step.ts';
import { versionsFrom } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import type { Budget } from './budget.ts';
import { isHeldByTraffic } from './await-traffic.ts';
import { causeOf, placeOf } from './draft.ts';
import { nextRepairAt, repairsInARow } from './heal.ts';
import type { ReplaceOrder } from './order.ts';
import type { Preflight } from './preflight.ts';
import { nextRetirement, retirementEntries } from './retire.ts';
import type { SlotView } from './slot-view.ts';
import { provenService } from './target.ts';
import type { CanaryStage } from './canary-stage.ts';

/** Everything that the next step of one slot depends on. */
export interface SlotSituation {
  readonly context: ApplicationContext;
  readonly view: SlotView;
  readonly budget: Budget;
  readonly order: ReplaceOrder;
  readonly policy: UpdatePolicy;
  readonly preflight: Preflight;
  /** Set while the slot is a canary: what serves beside it stays. */
  readonly stage: CanaryStage | null;
}

/** Takes a step on the slot's own host. */
export function actOn(
  situation: SlotSituation,
  path: string,
  reason: string,
  action: Step['action'],
  changes: readonly Change[] = [],
): void {
  const { context, view } = situation;
  if (view.host === null) return;
  const cause = causeOf(context.target, view.service, path, reason, changes);
  context.draft.step(view.key, view.host, view.service.name, view.slot, action, cause);
}

/**
 * Takes a step that repairs, unless the slot was repaired so often lately that it has to wait.
 *
 * @param drift what is put right; null: it is about no drift
 * @param noted what else is written down before it
 */
export function healBy(
  situation: SlotSituation,
  { path, reason, drift }: Healing,
  action: Step['action'],
  noted: readonly JournalEntry[] = [],
): void {
  const { context, view } = situation;
  const { draft, world } = context;
  if (drift !== null) sayContended(context, view, drift);
  const at = nextRepairAt(view.record, world.now);
  if (world.now < at) {
    sayFailure(context, view);
    return draft.wait('retry', placeOf(view), 'repair is tried again', at);
  }
  const repairs = repairsInARow(view.record, world.now) + 1;
  const repaired = { kind: 'repaired', slot: view.key, repairs, at: world.now } as const;
  draft.entries.push(drift === null ? repaired : { ...repaired, drift }, ...noted);
  actOn(situation, path, reason, action);
}

/** Why a repair is made, and of what. */
export interface Healing {
  readonly path: string;
  readonly reason: string;
  readonly drift: HealedDrift | null;
}

/** Somebody keeps changing it: each repair comes later than the one before, and people have to agree. */
export function sayContended(
  { draft, world }: ApplicationContext,
  { service, slot, record }: SlotView,
  drift: HealedDrift,
): void {
  if (!isContended(record?.heals, drift, world.now)) return;
  const what = healedDriftInWords(drift);
  draft.block(service.name, slot, 'Contended', `it was put right again and again: ${what}`);
}

/** Why the last step of the slot failed, as long as the next one has to wait. */
export function sayFailure({ draft }: ApplicationContext, view: SlotView): void {
  const failure = view.failure?.failure;
  if (failure === undefined) return;
  draft.block(view.service.name, view.slot, failure.reason, failure.message, failure.class);
}

/** Takes the next step on the way out of an instance of the slot, wherever it is. */
export function retire(
  situation: SlotSituation,
  instance: Instance,
  reason: string,
  path = '',
  changes: readonly Change[] = [],
): void {
  const { context, view } = situation;
  const observation = context.world.observations.get(instance.container.host);
  if (observation?.kind !== 'reachable') return;
  const service = versionOf(context, view, instance);
  const cause = causeOf(context.target, view.service, path, reason, changes);
  const action = nextRetirement(instance, service, hooksBefore(context, instance));
  if (isHeldByTraffic(context, instance, action)) return;
  context.draft.entries.push(...retirementEntries(instance, action));
  const { host } = instance.container;
  context.draft.step(view.key, host, view.service.name, view.slot, action, cause);
}

/** The version that an instance of a slot is of, as far as it is known: it may be that of another host. */
function versionOf(
  { record, target }: ApplicationContext,
  { service: { name }, service }: SlotView,
  { hash, container }: Instance,
): ServiceSpec | null {
  const asked = target.spec.services.find((one) => one.name === name);
  const known = [asked, provenService(record, name)].flatMap((one) => one ?? []);
  const versions = [...versionsFrom(known, container.host), service];
  return versions.find((one) => one.hash === hash) ?? null;
}

/** What is run in an instance before its stop. */
export function hooksBefore(
  { desired, target, record }: ApplicationContext,
  { identity, hash, container }: Instance,
): readonly Hook[] {
  const specs = [desired, target.spec, record.lastKnownGood?.spec];
  return preStopOf(specs, { service: identity.service, hash, host: container.host });
}
