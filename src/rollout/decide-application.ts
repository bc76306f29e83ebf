import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import type { Condition, Health } from '../model/condition.ts';
import type { DriftItem, IgnoredItem } from '../model/drift.ts';
import type { ApplicationRecord, JournalEntry } from '../model/journal-state.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import type { ImageLookup } from '../model/lookup.ts';
import type { HostName } from '../model/names.ts';
import { present } from '../model/present.ts';
import type { AnalysisTarget } from '../model/analysis.ts';
import type { ProofTarget } from '../model/proof.ts';
import type { Step } from '../model/step.ts';
import type { Instance } from '../drift/identify.ts';
import type { UnplacedSlot } from '../placement/place.ts';
import { inSharingOrder } from '../placement/sharing-order.ts';
import type { WantedPorts } from '../placement/wanted-ports.ts';
import type { ApplicationContext, ServiceViews } from './application-context.ts';
import { isAtTarget, isSettled } from './application-context.ts';
import type { AutoscaleStatus } from './autoscale-status.ts';
import { autoscaleStatus } from './autoscale-status.ts';
import { assessHealth, conditionsOf } from './assess-application.ts';
import { Budget } from './budget.ts';
import type { Adoption } from './decide-adoption.ts';
import { countedSlots, isAway } from './counted-slots.ts';
import { decideCompletion } from './decide-completion.ts';
import type { Departure } from './departures.ts';
import { decideSlot } from './decide-slot.ts';
import type { TrafficView } from './endpoints.ts';
import type { Leaving } from './evictions.ts';
import { decideSurplus } from './decide-surplus.ts';
import type { Waiting } from './draft.ts';
import { Draft } from './draft.ts';
import { driftOf, ignoredDriftOf } from './drift-items.ts';
import { useOf } from './host-standing.ts';
import type { Hold } from './hold-changes.ts';
import { jobSlots } from './jobs.ts';
import { keptVersion, whereItIs } from './kept-version.ts';
import { orderOfSlots } from './order.ts';
import { refusedDrift } from './adoption-drift.ts';
import { decidePreflight } from './preflight.ts';
import { failByProofs, noteProofs, wantedProofs } from './decide-proof.ts';
import { decideDeadline } from './progress-deadline.ts';
import { rejoinedEntries } from './off-networks.ts';
import { renewNetworks } from './renew-networks.ts';
import type { RolloutStatus } from './rollout-status.ts';
import { rolloutStatus } from './rollout-status.ts';
import type { SlotContext, SlotView } from './slot-view.ts';
import { viewSlot } from './slot-view.ts';
import { staleNetworks } from './stale-networks.ts';
import { awaitAdmissions } from './await-traffic.ts';
import { canaryOrder, decideStages, stageOf } from './stages.ts';
import { isSuspended } from './suspension.ts';
import type { Target } from './target.ts';
import type { TrafficStatus } from './traffic-status.ts';
import { trafficStatus } from './traffic-status.ts';
import { policyOf } from './update-policy.ts';
import type { World } from './world.ts';

/** What is to be done about one application now, and how it stands. */
export interface ApplicationDecision {
  readonly application: string;
  readonly target: Target;
  /** Independent of each other: at most one per step key. To be executed after the entries are written. */
  readonly steps: readonly Step[];
  readonly entries: readonly JournalEntry[];
  /** Questions to registries that its steps wait for. */
  readonly lookups: readonly ImageLookup[];
  readonly drift: readonly DriftItem[];
  /** Left alone by rules. */
  readonly ignored: readonly IgnoredItem[];
  readonly waiting: readonly Waiting[];
  readonly conditions: readonly Condition[];
  readonly health: Health;
  readonly services: readonly ServiceStatus[];
  readonly slots: readonly SlotStatus[];
  /** The rollout under way; null without one. */
  readonly rollout: RolloutStatus | null;
  /** Requests that are to be sent from now on, to see whether some are lost. */
  readonly proofs: readonly ProofTarget[];
  /** What is to be measured of canaries from now on. */
  readonly analyses: readonly AnalysisTarget[];
  /** Another application that must be through before this one changes. */
  readonly hold: Hold | null;
  readonly suspended: boolean;
  /** Hosts that are to be looked at before this is decided again. */
  readonly looks: readonly HostName[];
  /** Everything is as the target asks, with nothing under way. */
  readonly settled: boolean;
  /** When to decide again at the latest; null: when something changes. */
  readonly wakeAt: number | null;
  /** The same for what a plan does not look ahead to. */
  readonly reviewAt: number | null;
}

export interface ServiceStatus {
  readonly service: string;
  readonly image: string;
  readonly desired: number;
  readonly available: number;
  /** Slots whose current instance is promoted. */
  readonly updated: number;
  /** Absent: no requests come in from outside. */
  readonly exposed?: TrafficStatus;
  /** Absent: it has no name within the fleet. */
  readonly internal?: TrafficStatus;
  /** Absent: the number of its instances does not go by its load. */
  readonly autoscale?: AutoscaleStatus;
}

/** Where one slot stands. */
export interface SlotStatus {
  readonly service: string;
  readonly slot: string;
  readonly host: HostName | null;
  /** Name of its current instance; empty when it has none. */
  readonly container: string;
  /** The image that it is to run. */
  readonly image: string;
  readonly phase: 'absent' | 'created' | 'probation' | 'promoted';
  /** Some instance of the slot serves now. */
  readonly available: boolean;
}

export interface ApplicationInput {
  readonly world: World;
  /** What the commit asks for. */
  readonly spec: ApplicationSpec;
  readonly target: Target;
  readonly assignments: ReadonlyMap<string, HostName>;
  readonly unplaced: readonly UnplacedSlot[];
  /** Set when something new is to be rolled out and another application must be through first. */
  readonly hold: Hold | null;
  readonly wantedPorts: WantedPorts;
  /** Of all slots whose host cannot be counted on, by slot key. */
  readonly departures: ReadonlyMap<string, Departure>;
  /** By slot key, what is to leave a host for something more important, of all applications. */
  readonly leaving: ReadonlyMap<string, Leaving>;
  /** Why it may be the operator that is cut off; null: nothing says so. */
  readonly isolation: string | null;
  /** Set when it is to take on containers of others. */
  readonly adoption: Adoption | null;
  /** Instances of this application, by slot key. */
  readonly instances: ReadonlyMap<string, readonly Instance[]>;
  /** Who may receive requests, by group of proxies. */
  readonly traffic: readonly TrafficView[];
}

export function decideApplication(input: ApplicationInput): ApplicationDecision {
  const context = contextOf(input);
  const { adoption } = input;
  const isRefused = adoption !== null && adoption.refusal !== null;
  if (isRefused && !isSuspended(context)) return refused(context, adoption, adoption.refusal);
  return isSuspended(context) ? suspended(context) : decideActive(context, input.unplaced);
}

function decideActive(
  context: ApplicationContext,
  unplaced: readonly UnplacedSlot[],
): ApplicationDecision {
  const { draft, hold, world } = context;
  // What a host that cannot be seen could take says nothing about the revision.
  const isDark = world.desired.fleet.hosts.some((host) => isAway(world, { host: host.name }));
  for (const { service, slot, explanation, madeRoom } of unplaced) {
    // Nor does it that something else is more important.
    const whose = isDark || madeRoom !== undefined ? 'infrastructure' : 'capacity';
    draft.block(service, slot, 'Unplaceable', explanation, whose);
  }
  if (hold !== null) draft.wait('turn', whole, hold.message);
  decideServices(context);
  const isInTraffic = awaitAdmissions(context);
  decideStages(context);
  const settled = isInTraffic && isApplicationSettled(context);
  for (const view of context.views.flatMap(({ slots }) => slots)) {
    for (const { rule } of view.ignored) if (rule.until !== null) draft.reviewBy(rule.until);
  }
  draft.entries.push(...seenEntries(context));
  failByProofs(context);
  decideCompletion(context, settled && !draft.isVoid());
  decideDeadline(context, settled);
  noteProofs(context);
  const failed = draft.isVoid();
  return {
    ...standing(context, settled && !failed),
    proofs: wantedProofs(context),
    // A failure changes the target: what was decided for the old one is void.
    steps: failed ? [] : draft.steps,
    entries: failed ? firstFailures(draft.entries) : draft.entries,
    // What is written of it wakes the loop.
    wakeAt: failed ? null : draft.wakeAt(),
  };
}

const whole = { service: '', slot: '', host: null };

/** Observation and status go on; nothing else does. */
function suspended(context: ApplicationContext): ApplicationDecision {
  return { ...standing(context, false), steps: [], entries: seenEntries(context), wakeAt: null };
}

/** What runs is left as it is until somebody has decided about it. */
function refused(
  context: ApplicationContext,
  adoption: Adoption,
  { kind, message }: NonNullable<Adoption['refusal']>,
): ApplicationDecision {
  const { draft } = context;
  if (kind === 'wait') draft.block('', '', 'HostUnreachable', message, 'infrastructure');
  else draft.block('', '', 'AdoptionRefused', message);
  const stands = standing(context, false);
  const drift = refusedDrift(context, adoption, stands.drift);
  return { ...stands, drift, steps: [], entries: seenEntries(context), wakeAt: null };
}

function standing(
  context: ApplicationContext,
  settled: boolean,
): Omit<ApplicationDecision, 'steps' | 'entries' | 'wakeAt'> {
  const { application, target, draft, hold, views } = context;
  return {
    application,
    target,
    drift: driftOf(context),
    ignored: ignoredDriftOf(context),
    waiting: draft.waiting,
    conditions: conditionsOf(context, settled),
    health: assessHealth(context),
    services: views.map((one) => statusOf(context, one)),
    slots: views.flatMap(({ slots }) => slots.map(slotStatusOf)),
    rollout: rolloutStatus(context),
    proofs: [],
    analyses: draft.analyses,
    hold,
    suspended: isSuspended(context),
    looks: draft.looks(),
    lookups: draft.lookups,
    reviewAt: draft.reviewAt(),
    settled,
  };
}

/** A failure voids what was decided beside it: only what has been seen, and the first failure of each service, stay. */
function firstFailures(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const failed = new Set<string>();
  return entries.filter((entry) => {
    if (entry.kind !== 'quarantined') {
      return ['instance-seen', 'rollout-started', 'attempt-failed', 'proof-noted'].includes(
        entry.kind,
      );
    }
    const isFirst = !failed.has(entry.quarantine.service);
    failed.add(entry.quarantine.service);
    return isFirst;
  });
}

function contextOf(input: ApplicationInput): ApplicationContext {
  const { world, target, assignments, leaving, instances, hold } = input;
  const application = input.spec.name;
  const record: ApplicationRecord =
    world.journal.applications.get(application) ?? emptyApplicationRecord;
  const shared = new Map<string, SlotView>();
  const slotContext = { world, application, record, assignments, leaving, instances, shared };
  const views = viewServices(slotContext, shared, target, hold !== null);
  const wanted = new Set(views.flatMap(({ slots }) => slots.map(({ key }) => key)));
  const surplus = [...instances].filter(([key]) => !wanted.has(key)).flatMap(([, list]) => list);
  const holdsChanges = input.unplaced.some(({ madeRoom }) => madeRoom === undefined);
  const { wantedPorts, departures, isolation, traffic } = input;
  const draft = new Draft(application);
  const desired = input.spec;
  return {
    ...slotContext,
    desired,
    target,
    views,
    surplus,
    holdsChanges,
    hold,
    wantedPorts,
    departures,
    stale: staleNetworks({ ...slotContext, target, views }),
    isolation,
    traffic,
    draft,
  };
}

/** In the order of the specification; those that share something with others are seen after the others. */
function viewServices(
  context: SlotContext,
  shared: Map<string, SlotView>,
  target: Target,
  isHeld: boolean,
): readonly ServiceViews[] {
  const { services } = target.spec;
  const { application } = context;
  const placed = services.map((service) => ({ application, service }));
  const views = new Map<string, ServiceViews>();
  for (const { service } of inSharingOrder(placed).flat()) {
    const view = viewService(context, target, service, isHeld);
    views.set(service.name, view);
    for (const slot of view.slots) shared.set(slot.key, slot);
  }
  return services.flatMap(({ name }) => views.get(name) ?? []);
}

function viewService(
  context: SlotContext,
  target: Target,
  service: ServiceSpec,
  isHeld: boolean,
): ServiceViews {
  const { record } = context;
  const names = service.job === null ? slotNames(context, service) : jobSlots(context, service);
  const stage = stageOf(record, target, service, names.length);
  const order = stage === null ? names : canaryOrder(context, service, names);
  const slots = names.map((slot) => {
    const index = order.indexOf(slot);
    const kept = keptVersion(context, target, service, stage, { slot, index, isHeld });
    return kept === null
      ? viewSlot(context, service, slot)
      : viewSlot(whereItIs(context, kept, slot), kept, slot);
  });
  return { service, slots, stage };
}

/** The slots of a service: `1` … `N`, or the hosts that placement chose for a global one, and those that it is to leave. */
function slotNames(
  { application, assignments, leaving }: SlotContext,
  service: ServiceSpec,
): readonly string[] {
  if (service.mode === 'replicated') {
    return Array.from({ length: service.replicas }, (_, index) => String(index + 1));
  }
  const prefix = `${application}/${service.name}/`;
  return [...new Set([...assignments.keys(), ...leaving.keys()])]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    .toSorted();
}

function decideServices(context: ApplicationContext): void {
  const preflight = decidePreflight(context);
  renewNetworks(context, preflight);
  for (const views of context.views) {
    const { service, stage } = views;
    const counted = countedSlots(context.world, views);
    const surplus = context.surplus.filter(({ identity }) => identity.service === service.name);
    const policy = policyOf(context, views);
    const order = orderOfSlots(views, policy, counted.length);
    const budget = new Budget(counted, policy, order, surplus, stage?.canaries ?? 0);
    for (const view of inOrder(views)) {
      const canary = isAtTarget(views, view) ? stage : null;
      decideSlot({ context, view, budget, order, policy, preflight, stage: canary });
    }
  }
  if (!context.holdsChanges && context.hold === null) decideSurplus(context);
}

/** What serves nothing comes first: it is free, and it gives back availability. */
function inOrder({ slots }: ServiceViews): ServiceViews['slots'] {
  return [
    ...slots.filter((view) => !view.available),
    ...slots.filter((view) => view.available && view.phase.kind !== 'absent'),
    ...slots.filter((view) => view.available && view.phase.kind === 'absent'),
  ];
}

/** What is to be remembered of what can be seen. */
function seenEntries(context: ApplicationContext): readonly JournalEntry[] {
  return [...newEntries(context), ...rejoinedEntries(context)];
}

/** Current instances whose ids are to be remembered: what comes later under another name is still known. */
function newEntries({ views, world }: ApplicationContext): readonly JournalEntry[] {
  const slots = views.flatMap((one) => one.slots);
  return slots.flatMap(({ current, key }) => {
    if (current === null || current.renamed) return [];
    const { container, identity, hash } = current;
    if (world.journal.instances.has(container.id)) return [];
    return [
      {
        kind: 'instance-seen',
        slot: key,
        container: container.id,
        epoch: identity.epoch,
        hash,
        host: container.host,
      },
    ];
  });
}

function isApplicationSettled(context: ApplicationContext): boolean {
  const { views, surplus, draft, stale } = context;
  const slots = views.flatMap((one) => countedSlots(context.world, one));
  const isWhole = views.every(
    (one) => one.stage === null && one.slots.every((view) => isAtTarget(one, view)),
  );
  const isSeen = views.every((one) => !isUnseen(context, one));
  const isFree = surplus.length === 0 && draft.blocked.length === 0;
  const isFresh = [...stale.values()].flat().every(({ refusal }) => refusal !== null);
  return isWhole && isSeen && isFree && isFresh && slots.every(isSettled);
}

/**
 * A global service without a slot, as long as some host cannot be seen that might have one, or is closed to it: that proves
 * nothing.
 */
function isUnseen({ world }: ApplicationContext, { service, slots }: ServiceViews): boolean {
  if (service.mode !== 'global' || slots.length > 0) return false;
  const isAnyAway = [...world.observations.values()].some(({ kind }) => kind === 'unreachable');
  return isAnyAway || world.desired.fleet.hosts.some((host) => useOf(world, host) !== 'open');
}

function statusOf(
  { traffic, application, world }: ApplicationContext,
  { service, slots }: ServiceViews,
): ServiceStatus {
  const autoscale = autoscaleStatus(world, application, service);
  const [exposed, internal] = (['ingress', 'internal'] as const).map((role) =>
    trafficStatus(traffic, role, application, service.name),
  );
  return {
    service: service.name,
    image: service.container.image,
    desired: slots.length,
    available: slots.filter((view) => view.available).length,
    updated: slots.filter((view) => isAtTarget({ service }, view) && view.phase.kind === 'promoted')
      .length,
    ...present({ exposed, internal, autoscale }),
  };
}

function slotStatusOf({ service, slot, host, current, phase, available }: SlotView): SlotStatus {
  return {
    service: service.name,
    slot,
    host,
    container: current?.container.name ?? '',
    image: service.container.image,
    phase: phase.kind,
    available,
  };
}
