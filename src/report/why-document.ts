import type { Slot, Why } from '../generated/why.ts';
import type { Instance } from '../drift/identify.ts';
import type { HistoryEntry } from '../model/history.ts';
import { isoTime, isoTimeOrNull } from '../model/iso-time.ts';
import { label } from '../model/labels.ts';
import type { Origin } from '../model/origin.ts';
import { noOrigins, originOf } from '../model/origin.ts';
import type { RejectedRevision } from '../model/rejected-revision.ts';
import type { Revision } from '../model/revision.ts';
import type { ApplicationDecision, SlotStatus } from '../rollout/decide-application.ts';
import type { Decision } from '../rollout/decide.ts';
import type { Waiting } from '../rollout/draft.ts';
import type { World } from '../rollout/world.ts';
import { entryDocument } from './history-document.ts';
import { formatPosition } from './text.ts';
import { whyActions } from './why-actions.ts';
import type { WhyTarget } from './why-target.ts';

export interface WhyInput {
  /** As it was asked for. */
  readonly text: string;
  readonly target: WhyTarget;
  readonly world: World;
  readonly decision: Decision;
  readonly instances: readonly Instance[];
  readonly rejected: RejectedRevision | null;
  /** Of the application, with its steps, newest first. */
  readonly history: readonly HistoryEntry[];
  /** Commits that were accepted, newest first. */
  readonly commits: readonly HistoryEntry[];
}

/** Why something runs as it does, and what it waits for: schemas/why.schema.json. */
export function whyDocument(input: WhyInput): Why {
  const { text, target, world, decision, rejected } = input;
  const { application } = target;
  const found = decision.applications.find((one) => one.application === application);
  const { conditions = [], waiting = [] } = found ?? {};
  const pruning = decision.prune.waiting.filter((wait) => wait.application === application);
  const waits = [...waiting, ...pruning].filter((wait) => isAbout(target, wait));
  return {
    version: 1,
    generatedAt: isoTime(world.now),
    target: text,
    inForce: world.desired.revision.commit,
    refused: rejected === null ? null : refusedDocument(rejected),
    application,
    conditions: conditions.map((condition) => ({ ...condition })),
    slots: slotsOf(input, found),
    waits: waits.map(({ service, slot, host, kind, reason, until }) => ({
      service,
      slot,
      host,
      kind,
      reason,
      until: isoTimeOrNull(until),
    })),
    wakeAt: isoTimeOrNull(found === undefined ? decision.prune.wakeAt : found.wakeAt),
    actions: [...whyActions(application, conditions, waits, decision)],
  };
}

function refusedDocument({ revision, diagnostics }: RejectedRevision): NonNullable<Why['refused']> {
  const first = diagnostics.find(({ severity }) => severity === 'error');
  const message = first === undefined ? '' : `${formatPosition(first)}: ${first.message}`;
  return { commit: revision.commit, message };
}

/** What is waited for by a part, or by all of which it is a part. */
function isAbout({ service, slot }: WhyTarget, wait: Waiting): boolean {
  return (
    (service === null || wait.service === '' || wait.service === service) &&
    (slot === null || wait.slot === '' || wait.slot === slot)
  );
}

function slotsOf(input: WhyInput, found: ApplicationDecision | undefined): Slot[] {
  const { target, instances } = input;
  const isAsked = (place: { readonly service: string; readonly slot: string }): boolean =>
    (target.service === null || place.service === target.service) &&
    (target.slot === null || place.slot === target.slot);
  const isNamed = (instance: Instance | null): boolean =>
    target.instance === null || target.instance.container.id === instance?.container.id;
  const ours = instances.filter(
    ({ identity }) => identity.application === target.application && isAsked(identity),
  );
  const slots = (found?.slots ?? []).filter(isAsked).map((status) => {
    const instance = ours.find(
      ({ identity, container }) =>
        identity.service === status.service && container.name === status.container,
    );
    return { status, instance: instance ?? null };
  });
  const current = new Set(slots.map(({ instance }) => instance));
  const leaving = ours.filter((instance) => !current.has(instance));
  return [
    ...slots.filter(({ instance }) => isNamed(instance)),
    ...leaving.filter(isNamed).map((instance) => ({ status: leavingStatus(instance), instance })),
  ].map(({ status, instance }) => slotDocument(input, status, instance));
}

type AnyStatus = Omit<SlotStatus, 'phase'> & { readonly phase: Slot['phase'] };

function leavingStatus({ container, identity }: Instance): AnyStatus {
  const { service, slot } = identity;
  const { host, name, spec } = container;
  const isServing = container.state === 'running';
  const base = { service, slot, host, container: name, image: spec.image };
  return { ...base, phase: 'leaving', available: isServing };
}

function slotDocument(input: WhyInput, status: AnyStatus, instance: Instance | null): Slot {
  const { service, slot, host, container, phase, available } = status;
  const steps = stepsOf(input, status);
  const made = steps.find(({ action }) => action === 'create-container') ?? steps[0];
  const labelled = instance?.container.labels[label.revision] ?? null;
  const commit = made?.commit ?? labelled;
  const { author, subject } = revisionOf(input, commit);
  return {
    service,
    slot,
    host,
    container,
    containerId: instance?.container.id ?? '',
    image: instance?.container.spec.image ?? status.image,
    phase,
    available,
    commit,
    author,
    subject,
    origin: copyOf(made?.origin ?? originInForce(input, service)),
    field: made?.fields[0] ?? '',
    decision: decisionDocument(input, status, made),
    steps: steps.map(entryDocument),
  };
}

/** What was done on the container; for a slot without one, what was done on the slot last. The oldest first. */
function stepsOf(
  { history }: WhyInput,
  { service, slot, container }: AnyStatus,
): readonly HistoryEntry[] {
  const ofSlot = history.filter(
    (entry) => entry.kind === 'step' && entry.service === service && entry.slot === slot,
  );
  const own = ofSlot.filter((entry) => entry.container === container);
  return (container === '' ? ofSlot.slice(0, 1) : own).toReversed();
}

const decisions: ReadonlySet<HistoryEntry['kind']> = new Set([
  'rollout-started',
  'rollback-started',
  'healed',
  'adopted',
]);

/** The newest decision about the slot that its container was made by. */
function decisionDocument(
  { history }: WhyInput,
  { service, slot, container }: AnyStatus,
  made: HistoryEntry | undefined,
): Slot['decision'] {
  const isAbout = (entry: HistoryEntry): boolean =>
    entry.service === '' || (entry.service === service && entry.slot === slot);
  const decided = history.find((entry) => {
    if (!decisions.has(entry.kind) || !isAbout(entry)) return false;
    if (made === undefined) return entry.kind === 'adopted' && entry.container === container;
    // A repair ends with its last step, and begins before its first.
    return (entry.startedAt ?? entry.at) <= (made.startedAt ?? made.at);
  });
  return decided === undefined ? null : entryDocument(decided);
}

function revisionOf(
  { world, commits }: WhyInput,
  commit: string | null,
): Pick<Revision, 'author' | 'subject'> {
  const { revision } = world.desired;
  if (revision.commit === commit) return revision;
  const accepted = commits.find(
    (entry) => entry.kind === 'commit-accepted' && entry.commit === commit,
  );
  return { author: accepted?.actor ?? '', subject: accepted?.message ?? '' };
}

/** Where the commit in force has the service, when the history knows no more. */
function originInForce({ target, world }: WhyInput, service: string): Origin | null {
  const spec = world.desired.applications.find(({ name }) => name === target.application);
  const origins = spec?.services.find(({ name }) => name === service)?.origins ?? noOrigins;
  return originOf(origins, '') ?? spec?.origin ?? null;
}

function copyOf(origin: Origin | null): Slot['origin'] {
  return origin === null ? null : { ...origin };
}
