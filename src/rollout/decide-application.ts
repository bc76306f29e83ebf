import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import type { Condition, Health } from '../model/condition.ts';
import type { DriftItem } from '../model/drift.ts';
import type { ApplicationRecord, JournalEntry } from '../model/journal-state.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import type { HostName } from '../model/names.ts';
import type { Step } from '../model/step.ts';
import type { Instance } from '../drift/identify.ts';
import type { UnplacedSlot } from '../placement/place.ts';
import type { WantedPorts } from '../placement/wanted-ports.ts';
import type { ApplicationContext, ServiceViews } from './application-context.ts';
import { isSettled } from './application-context.ts';
import { assessHealth, conditionsOf } from './assess-application.ts';
import { Budget } from './budget.ts';
import { decideCompletion } from './decide-completion.ts';
import { decideSlot } from './decide-slot.ts';
import { decideSurplus } from './decide-surplus.ts';
import type { Waiting } from './draft.ts';
import { Draft } from './draft.ts';
import { driftOf } from './drift-items.ts';
import { replaceOrder } from './order.ts';
import { decidePreflight } from './preflight.ts';
import { viewSlot } from './slot-view.ts';
import type { Target } from './target.ts';
import type { World } from './world.ts';

/** What is to be done about one application now, and how it stands. */
export interface ApplicationDecision {
  readonly application: string;
  readonly target: Target;
  /** Independent of each other: at most one per step key. To be executed after the entries are written. */
  readonly steps: readonly Step[];
  readonly entries: readonly JournalEntry[];
  readonly drift: readonly DriftItem[];
  readonly waiting: readonly Waiting[];
  readonly conditions: readonly Condition[];
  readonly health: Health;
  readonly services: readonly ServiceStatus[];
  /** Everything is as the target asks, with nothing under way. */
  readonly settled: boolean;
  /** When to decide again at the latest; null: when something changes. */
  readonly wakeAt: number | null;
}

export interface ServiceStatus {
  readonly service: string;
  readonly image: string;
  readonly desired: number;
  readonly available: number;
  /** Slots whose current instance is promoted. */
  readonly updated: number;
}

export interface ApplicationInput {
  readonly world: World;
  /** What the commit asks for. */
  readonly spec: ApplicationSpec;
  readonly target: Target;
  readonly assignments: ReadonlyMap<string, HostName>;
  readonly unplaced: readonly UnplacedSlot[];
  readonly wantedPorts: WantedPorts;
  /** Instances of this application, by slot key. */
  readonly instances: ReadonlyMap<string, readonly Instance[]>;
}

export function decideApplication(input: ApplicationInput): ApplicationDecision {
  const context = contextOf(input);
  const { draft, target, application } = context;
  for (const slot of input.unplaced) {
    draft.block(slot.service, slot.slot, 'Unplaceable', slot.explanation);
  }
  decideServices(context);
  const settled = isApplicationSettled(context);
  draft.entries.push(...seenEntries(context));
  decideCompletion(context, settled);
  const failed = draft.entries.some((entry) => entry.kind === 'quarantined');
  return {
    application,
    target,
    // A failure changes the target: what was decided for the old one is void.
    steps: failed ? [] : draft.steps,
    entries: failed ? firstFailures(draft.entries) : draft.entries,
    drift: driftOf(context),
    waiting: draft.waiting,
    conditions: conditionsOf(context, settled),
    health: assessHealth(context),
    services: context.views.map(statusOf),
    settled,
    wakeAt: failed ? context.world.now : earliest(draft.waiting),
  };
}

/** A failure voids what was decided beside it: only what has been seen, and the first failure of each service, stay. */
function firstFailures(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const failed = new Set<string>();
  return entries.filter((entry) => {
    if (entry.kind !== 'quarantined') {
      return entry.kind === 'instance-seen' || entry.kind === 'rollout-started';
    }
    const isFirst = !failed.has(entry.quarantine.service);
    failed.add(entry.quarantine.service);
    return isFirst;
  });
}

function contextOf(input: ApplicationInput): ApplicationContext {
  const { world, target, assignments, instances } = input;
  const application = input.spec.name;
  const record: ApplicationRecord =
    world.journal.applications.get(application) ?? emptyApplicationRecord;
  const slotContext = { world, application, record, assignments, instances };
  const views = target.spec.services.map((service) => ({
    service,
    slots: slotNames(application, service, assignments).map((slot) =>
      viewSlot(slotContext, service, slot),
    ),
  }));
  const wanted = new Set(views.flatMap(({ slots }) => slots.map(({ key }) => key)));
  const surplus = [...instances].filter(([key]) => !wanted.has(key)).flatMap(([, list]) => list);
  const holdsChanges = input.unplaced.length > 0;
  const { wantedPorts } = input;
  const draft = new Draft(application);
  return { ...slotContext, target, views, surplus, holdsChanges, wantedPorts, draft };
}

/** The slots of a service: `1` … `N`, or the hosts that placement chose for a global one. */
function slotNames(
  application: string,
  service: ServiceSpec,
  assignments: ReadonlyMap<string, HostName>,
): readonly string[] {
  if (service.mode === 'replicated') {
    return Array.from({ length: service.replicas }, (_, index) => String(index + 1));
  }
  const prefix = `${application}/${service.name}/`;
  return [...assignments.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    .toSorted();
}

function decideServices(context: ApplicationContext): void {
  const preflight = decidePreflight(context);
  for (const views of context.views) {
    const { name } = views.service;
    const surplus = context.surplus.filter(({ identity }) => identity.service === name);
    const budget = new Budget(views, surplus);
    const order = replaceOrder(views.service);
    for (const view of inOrder(views)) decideSlot({ context, view, budget, order, preflight });
  }
  if (!context.holdsChanges) decideSurplus(context);
}

/** What serves nothing comes first: it is free, and it gives back availability. */
function inOrder({ slots }: ServiceViews): ServiceViews['slots'] {
  return [
    ...slots.filter((view) => !view.available),
    ...slots.filter((view) => view.available && view.phase.kind !== 'absent'),
    ...slots.filter((view) => view.available && view.phase.kind === 'absent'),
  ];
}

/** Current instances whose ids are to be remembered: what comes later under another name is still known. */
function seenEntries({ views, world }: ApplicationContext): readonly JournalEntry[] {
  const slots = views.flatMap((one) => one.slots);
  return slots.flatMap(({ current, key }) => {
    if (current === null || current.renamed) return [];
    const { container, identity } = current;
    if (world.journal.instances.has(container.id)) return [];
    return [
      {
        kind: 'instance-seen',
        slot: key,
        container: container.id,
        epoch: identity.epoch,
        hash: identity.hash,
        host: container.host,
      },
    ];
  });
}

function isApplicationSettled({ views, surplus, draft }: ApplicationContext): boolean {
  const slots = views.flatMap((one) => one.slots);
  return surplus.length === 0 && draft.blocked.length === 0 && slots.every(isSettled);
}

function statusOf({ service, slots }: ServiceViews): ServiceStatus {
  return {
    service: service.name,
    image: service.container.image,
    desired: slots.length,
    available: slots.filter((view) => view.available).length,
    updated: slots.filter((view) => view.phase.kind === 'promoted').length,
  };
}

function earliest(waiting: readonly Waiting[]): number | null {
  const times = waiting.flatMap(({ until }) => (until === null ? [] : [until]));
  return times.length === 0 ? null : Math.min(...times);
}
