import type { DriftItem, IgnoredItem } from '../model/drift.ts';
import type { HealedDrift } from '../model/healed-drift.ts';
import { isContended } from '../model/healed-drift.ts';
import { originOf } from '../model/origin.ts';
import type { Difference } from '../drift/assess-instance.ts';
import { actionOf } from '../drift/assess-instance.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { isServiceProven } from './application-context.ts';
import { isOfCommit } from './change-in-place.ts';
import { differencesOf, ignoredBy, withheldBecause } from './differences.ts';
import { hadInstance, leftMissing } from './left-missing.ts';
import { movedTag } from './moved-tag.ts';
import { objectDrift } from './object-drift.ts';
import { isOffForAMoment } from './off-networks.ts';
import type { SlotView } from './slot-view.ts';

/**
 * What is not as last-known-good left it. Only proven hashes can drift: the differences of a rollout are its own
 * business, and stand in its plan.
 */
export function driftOf(context: ApplicationContext): readonly DriftItem[] {
  const slots = context.views.flatMap((one) => one.slots);
  const proven = slots.filter(({ service }) => isServiceProven(context, service));
  return [...proven.flatMap((view) => slotDrift(context, view)), ...objectDrift(context)];
}

/** What would be drift, were it not left alone by a rule. */
export function ignoredDriftOf(context: ApplicationContext): readonly IgnoredItem[] {
  const slots = context.views.flatMap((one) => one.slots);
  return slots
    .filter(({ service, current }) => current !== null && isServiceProven(context, service))
    .flatMap((view) => ignoredOf(context, view));
}

function ignoredOf(context: ApplicationContext, view: SlotView): readonly IgnoredItem[] {
  const { current, ignored } = view;
  if (current === null) return [];
  const moved = movedTag(context, view, current);
  const rule = moved === null ? null : ignoredBy(context, view.service, current, moved);
  const all = moved === null || rule === null ? ignored : [...ignored, { difference: moved, rule }];
  return all.map(({ difference, rule }) => {
    const item = itemOf(context, view, current, difference);
    return { item: { ...item, severity: 'info', action: 'report', note: rule.reason }, rule };
  });
}

/** What is not as it should be in one slot. */
export function slotDrift(context: ApplicationContext, view: SlotView): readonly DriftItem[] {
  const { current, others, service } = view;
  if (view.host === null) return [];
  if (context.world.observations.get(view.host)?.kind !== 'reachable') return [];
  const replaced = others.filter(({ hash }) => hash === service.hash);
  if (current !== null && view.phase.kind === 'promoted') {
    return [
      ...[...view.differences, ...movedTagOf(context, view, current)]
        .filter((difference) => !isOfCommit(context, view, difference))
        .filter((difference) => !isOffForAMoment(context.world, current, difference))
        .map((difference) => itemOf(context, view, current, difference)),
      ...replaced
        .filter((other) => other.container.host === view.host && !isPredecessor(context, view))
        .map((other) => duplicateItem(context, view, other)),
    ];
  }
  // Until its successor has passed the gate, an instance that is gone is missing.
  if (current !== null) {
    return view.available || !hadInstance(context, view) ? [] : [missingItem(context, view)];
  }
  // One that is dead or being removed is missing already; its end only takes a moment.
  const left = others.filter(({ container }) => !['dead', 'removing'].includes(container.state));
  if (left.length === 0) return hadInstance(context, view) ? [missingItem(context, view)] : [];
  return replaced.flatMap((other) =>
    differencesOf(context, service, other)
      .filter(({ remedy }) => remedy.kind === 'replace')
      .map((difference) => itemOf(context, view, other, difference)),
  );
}

/** That the tag of its image means another one now, unless a rule leaves that alone. */
function movedTagOf(
  context: ApplicationContext,
  view: SlotView,
  current: Instance,
): readonly Difference[] {
  const moved = movedTag(context, view, current);
  if (moved === null || ignoredBy(context, view.service, current, moved) !== null) return [];
  return [moved];
}

/** The slot was repaired a moment ago: what else is there is what the repair replaced, on its way out. */
function isPredecessor({ world }: ApplicationContext, { record }: SlotView): boolean {
  return record !== undefined && world.now - record.lastRepairAt < repairTakesMs;
}

const repairTakesMs = 60_000;

function base(
  context: ApplicationContext,
  view: SlotView,
  path: string,
): Pick<DriftItem, 'application' | 'service' | 'slot' | 'host' | 'path' | 'origin' | 'commit'> {
  const { application, target } = context;
  const { service, slot } = view;
  return {
    application,
    service: service.name,
    slot,
    host: view.host ?? ('' as DriftItem['host']),
    path,
    origin: originOf(service.origins, path) ?? target.spec.origin,
    commit: target.commit,
  };
}

export function itemOf(
  context: ApplicationContext,
  view: SlotView,
  instance: Instance,
  difference: Difference,
): DriftItem {
  const isDown = ['stopped', 'paused', 'crash-loop', 'unhealthy'].includes(difference.class);
  return {
    ...base(context, view, difference.path),
    host: instance.container.host,
    container: instance.container.name,
    containerId: instance.container.id,
    class: difference.class,
    severity: isDown ? 'critical' : 'warning',
    desired: difference.desired,
    observed: difference.observed,
    action: actionOf(difference.remedy),
    note: difference.note,
    ...contention(context, view, difference),
  };
}

function missingItem(context: ApplicationContext, view: SlotView): DriftItem {
  const left = leftMissing(context, view);
  return {
    ...base(context, view, ''),
    container: '',
    containerId: null,
    class: 'missing',
    severity: 'critical',
    desired: view.service.container.image,
    observed: null,
    action: left === null ? 'heal' : 'report',
    note: left === null ? 'another instance is created' : withheldBecause(left),
    ...contention(context, view, { class: 'missing', path: '' }),
  };
}

function contention(
  { world }: ApplicationContext,
  { record }: SlotView,
  drift: Pick<HealedDrift, 'class' | 'path'>,
): Pick<DriftItem, 'contended'> {
  return isContended(record?.heals, drift, world.now) ? { contended: true } : {};
}

function duplicateItem(context: ApplicationContext, view: SlotView, instance: Instance): DriftItem {
  return {
    ...base(context, view, ''),
    host: instance.container.host,
    container: instance.container.name,
    containerId: instance.container.id,
    class: 'duplicate',
    severity: 'warning',
    desired: null,
    observed: instance.container.name,
    action: 'prune',
    note: 'the slot has another instance already',
  };
}
