import type {
  Application,
  Autoscale,
  Failure,
  Host,
  Rollout,
  Slot,
  Status,
  Waiting,
} from '../generated/status.ts';
import type { Quarantine } from '../model/journal-state.ts';
import type { HostObservation } from '../model/observation.ts';
import type { Revision } from '../model/revision.ts';
import type { RejectedRevision } from '../model/rejected-revision.ts';
import type { AutoscaleStatus } from '../rollout/autoscale-status.ts';
import type { ApplicationDecision, SlotStatus } from '../rollout/decide-application.ts';
import type { Adoption } from '../rollout/decide-adoption.ts';
import type { Decision } from '../rollout/decide.ts';
import type { Waiting as Wait } from '../rollout/draft.ts';
import type { RolloutStatus } from '../rollout/rollout-status.ts';
import { heldDocument } from './held-document.ts';
import { hostNotes } from './host-notes.ts';
import { isoTime, isoTimeOrNull } from '../model/iso-time.ts';
import { proofDocument } from './proof-document.ts';
import { revisionDocument } from './revision-document.ts';
import { formatPosition } from './text.ts';

export interface StatusInput {
  readonly revision: Revision;
  readonly rejected: RejectedRevision | null;
  readonly decision: Decision;
  readonly observations: Iterable<HostObservation>;
  /** Who is told of what happens; none when left out. */
  readonly receivers?: readonly ReceiverFacts[];
  readonly steps: number;
  readonly durationMs: number;
  readonly now: number;
}

/** How what is told reaches a receiver. Times are milliseconds since the epoch. */
interface ReceiverFacts {
  readonly name: string;
  readonly failingSince: number | null;
  readonly reason: string;
  readonly waiting: number;
  readonly givenUp: number;
}

/** The status as a document: schemas/status.schema.json. */
export function statusDocument(input: StatusInput): Status {
  const { revision, rejected, decision, receivers = [], steps, durationMs, now } = input;
  const strangers = new Set(decision.adoptions.flatMap(leftAlone));
  return {
    version: 1,
    revision: revisionDocument(revision),
    generatedAt: isoTime(now),
    rejected: rejected === null ? null : rejectedDocument(rejected),
    converged: decision.settled,
    steps,
    durationMs: Math.round(durationMs),
    applications: decision.applications.map(applicationDocument),
    hosts: [...input.observations]
      .map((host) => hostDocument(host, strangers, decision, now))
      .toSorted((a, b) => (a.host < b.host ? -1 : 1)),
    held: heldDocument(decision.prune.held),
    receivers: receivers.map(({ failingSince, ...rest }) => ({
      ...rest,
      failingSince: isoTimeOrNull(failingSince),
    })),
  };
}

/** How one application stands, as a document. */
export function applicationDocument(decision: ApplicationDecision): Application {
  const { application, target, health, conditions, services, waiting, rollout } = decision;
  return {
    application,
    target: target.mode,
    targetCommit: target.commit,
    health,
    suspended: decision.suspended,
    conditions: conditions.map((condition) => ({ ...condition })),
    rollout: rollout === null ? null : rolloutDocument(rollout),
    services: services.map(({ exposed, internal, autoscale, ...service }) => ({
      ...service,
      ...(exposed === undefined ? {} : { exposed: { ...exposed } }),
      ...(internal === undefined ? {} : { internal: { ...internal } }),
      ...(autoscale === undefined ? {} : { autoscale: autoscaleDocument(autoscale) }),
    })),
    slots: decision.slots.map((slot) => slotDocument(slot, waiting)),
    waiting: waiting.map(waitingDocument),
    failed: target.failed.map(failureDocument),
  };
}

function autoscaleDocument({ min, max, metrics }: AutoscaleStatus): Autoscale {
  return { min, max, metrics: metrics.map((metric) => ({ ...metric })) };
}

function rolloutDocument(rollout: RolloutStatus): Rollout {
  const { commit, startedAt, isRollback, progressDeadlineAt, stages, proof } = rollout;
  return {
    revision: commit,
    startedAt: isoTime(startedAt),
    direction: isRollback ? 'back' : 'forward',
    progressDeadlineAt: isoTimeOrNull(progressDeadlineAt),
    stages: stages.map((stage) => ({ ...stage, until: isoTimeOrNull(stage.until) })),
    proof: proofDocument(proof),
  };
}

function slotDocument(status: SlotStatus, waiting: readonly Wait[]): Slot {
  const { service, slot, host, container, image, phase, available } = status;
  const wait = waiting.find((each) => each.service === service && each.slot === slot);
  const waitsFor = wait?.reason ?? '';
  const until = isoTimeOrNull(wait?.until ?? null);
  return { service, slot, host, container, image, phase, available, waitsFor, until };
}

function waitingDocument({ service, slot, host, kind, reason, until }: Wait): Waiting {
  return { service, slot, host, kind, reason, until: isoTimeOrNull(until) };
}

function failureDocument(failure: Quarantine): Failure {
  const { service, slot, host, commit, reason, message, log, health } = failure;
  return { service, slot, host, commit, reason, message, log: [...log], health: [...health] };
}

/** Containers that are looked at to be taken on, and are not. */
function leftAlone({ claims, superseded, unclaimed, refusal }: Adoption): readonly string[] {
  const claimed = refusal === null ? superseded : [...claims, ...superseded];
  return [...claimed.map(({ container }) => container), ...unclaimed].map(({ id }) => id);
}

function hostDocument(
  observation: HostObservation,
  strangers: ReadonlySet<string>,
  decision: Decision,
  now: number,
): Host {
  const { host } = observation;
  const standing = decision.placed.standing.hosts.find((one) => one.host === host);
  const notes = hostNotes(decision, now).filter((note) => note.host === host);
  const base = {
    host,
    since: isoTimeOrNull(standing?.awaySince ?? null),
    use: standing?.use ?? 'open',
    notes: notes.map(({ message }) => message),
  };
  if (observation.kind === 'unreachable') {
    const { reason } = observation;
    return {
      ...base,
      state: standing?.state === 'lost' ? 'lost' : 'unreachable',
      reason,
      engine: '',
      apiVersion: '',
      containers: 0,
      unmanaged: 0,
    };
  }
  const { engine, containers, unmanaged } = observation;
  const ours = containers.filter(({ id }) => !strangers.has(id));
  return {
    ...base,
    state: 'ready',
    reason: '',
    engine: engine.version,
    apiVersion: engine.apiVersion,
    containers: ours.length,
    unmanaged: unmanaged.length + containers.length - ours.length,
  };
}

function rejectedDocument({
  revision,
  diagnostics,
}: RejectedRevision): NonNullable<Status['rejected']> {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const first = errors[0];
  return {
    revision: revisionDocument(revision),
    problems: errors.length,
    first: first === undefined ? '' : `${formatPosition(first)}: ${first.message}`,
  };
}
