import type { Application, Failure, Host, Status } from '../generated/status.ts';
import type { Quarantine } from '../model/journal-state.ts';
import type { HostObservation } from '../model/observation.ts';
import type { Revision } from '../model/revision.ts';
import type { RejectedRevision } from '../model/rejected-revision.ts';
import type { ApplicationDecision } from '../rollout/decide-application.ts';
import type { Decision } from '../rollout/decide.ts';
import { heldDocument } from './held-document.ts';
import { isoTime } from './iso-time.ts';
import { revisionDocument } from './revision-document.ts';
import { formatPosition } from './text.ts';

export interface StatusInput {
  readonly revision: Revision;
  readonly rejected: RejectedRevision | null;
  readonly decision: Decision;
  readonly observations: Iterable<HostObservation>;
  readonly steps: number;
  readonly durationMs: number;
  readonly now: number;
}

/** The status as a document: schemas/status.schema.json. */
export function statusDocument(input: StatusInput): Status {
  const { revision, rejected, decision, steps, durationMs, now } = input;
  return {
    version: 1,
    revision: revisionDocument(revision),
    generatedAt: isoTime(now),
    rejected: rejected === null ? null : rejectedDocument(rejected),
    converged: decision.settled,
    steps,
    durationMs: Math.round(durationMs),
    applications: decision.applications.map(applicationDocument),
    hosts: [...input.observations].map(hostDocument).toSorted((a, b) => (a.host < b.host ? -1 : 1)),
    held: heldDocument(decision.prune.held),
  };
}

function applicationDocument(decision: ApplicationDecision): Application {
  const { application, target, health, conditions, services, waiting } = decision;
  return {
    application,
    target: target.mode,
    targetCommit: target.commit,
    health,
    conditions: conditions.map((condition) => ({ ...condition })),
    services: services.map((service) => ({ ...service })),
    waiting: waiting.map(({ service, slot, host, reason, until }) => ({
      service,
      slot,
      host,
      reason,
      until: until === null ? null : isoTime(until),
    })),
    failed: target.failed.map(failureDocument),
  };
}

function failureDocument(failure: Quarantine): Failure {
  const { service, slot, host, commit, reason, message, log, health } = failure;
  return { service, slot, host, commit, reason, message, log: [...log], health: [...health] };
}

function hostDocument(observation: HostObservation): Host {
  const { host } = observation;
  if (observation.kind === 'unreachable') {
    const { reason } = observation;
    return {
      host,
      state: 'unreachable',
      reason,
      engine: '',
      apiVersion: '',
      containers: 0,
      unmanaged: 0,
    };
  }
  const { engine, containers, unmanaged } = observation;
  return {
    host,
    state: 'ready',
    reason: '',
    engine: engine.version,
    apiVersion: engine.apiVersion,
    containers: containers.length,
    unmanaged: unmanaged.length,
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
