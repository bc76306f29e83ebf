import type { ServiceSpec } from '../model/application.ts';
import { hasInstances } from '../model/application.ts';
import type { ProofTally, ProofTarget } from '../model/proof.ts';
import { proofInWords, sumProofs } from '../model/proof.ts';
import { versionsOf } from '../model/variants.ts';
import type { ApplicationContext } from './application-context.ts';
import { isQuarantined, isServiceProven } from './application-context.ts';
import { proofTargets, readingOf } from './proof-targets.ts';
import { quarantineEntry } from './quarantine.ts';
import { rolloutKey } from './target.ts';

/** How often what was counted is written down, where nothing fails. */
const noteMs = 5_000;
/** How often it is looked whether the last requests have ended. */
const lookMs = 250;

/** Fails the version that is rolled out where a request failed meanwhile, as the manifest says. What is put back fails nothing. */
export function failByProofs(context: ApplicationContext): void {
  const { target, record, draft, hold } = context;
  const { rollout } = record;
  const isForward = target.mode === 'desired' && rollout?.isRollback === false && hold === null;
  if (!isForward || rollout.key !== rolloutKey(target.spec)) return;
  for (const one of proofTargets(context, rollout)) {
    const tally = tallyOf(context, one);
    if (one.proof.onFailure !== 'fail' || tally === null || tally.failed === 0) continue;
    const service = blamedFor(context, one.service);
    if (service === null || service.update.failureAction === 'continue') continue;
    const message = proofInWords(tally);
    const site = { reason: 'RequestsFailed', message, slot: '', host: null, container: null };
    draft.entries.push(quarantineEntry(context, service, site));
  }
}

/** The version of the service itself that changes; else of another one, since what has proven itself is not what has failed. */
function blamedFor(context: ApplicationContext, name: string): ServiceSpec | null {
  const changing = context.views
    .flatMap(({ service }) => (hasInstances(service) ? versionsOf(service) : []))
    .filter((service) => !isServiceProven(context, service))
    .filter((service) => !isQuarantined(context, service));
  return changing.find((service) => service.name === name) ?? changing[0] ?? null;
}

/**
 * Writes down what was counted: now and then, when something more has failed, and before the rollout ends, so that whoever
 * tells of its end knows of it.
 */
export function noteProofs(context: ApplicationContext): void {
  const { record, draft, application } = context;
  const { rollout } = record;
  if (rollout === null) return;
  const isEnding = draft.entries.some(({ kind }) =>
    ['succeeded', 'rolled-back', 'quarantined'].includes(kind),
  );
  for (const target of proofTargets(context, rollout)) {
    const proof = readingOf(context, target)?.tally;
    const { service, before } = target;
    if (proof === undefined) continue;
    const pauseMs = pauseAfter(before ?? proof, rollout.startedAt);
    const isNoted = isEnding || before === null || isDue(before, proof, pauseMs);
    if (isNoted) draft.entries.unshift({ kind: 'proof-noted', application, service, proof });
    draft.wakeBy((isNoted ? proof : before).until + pauseMs);
  }
}

/** That some have failed is written down at once, and how many now and then. */
function isDue(before: ProofTally, now: ProofTally, pauseMs: number): boolean {
  const isFirstFailure = before.failed === 0 && now.failed > 0;
  return isFirstFailure || now.until >= before.until + pauseMs;
}

/** A rollout may wait for days, and the history keeps only so many entries. */
function pauseAfter({ until }: ProofTally, startedAt: number): number {
  return Math.max(noteMs, (until - startedAt) / 10);
}

/**
 * Whether some entrance has not been asked yet since the last step: what comes in a moment after it counts too. Then it is
 * said, and looked at again soon.
 */
export function awaitLastRequests(context: ApplicationContext): boolean {
  const { world, record, draft } = context;
  if (world.proofs === null || record.rollout === null) return false;
  const open = proofTargets(context, record.rollout).find((target) => isOpen(context, target));
  if (open === undefined) return false;
  const place = { service: open.service, slot: '', host: null };
  draft.wait('monitor', place, 'proof: the last requests have not ended', world.now + lookMs);
  return true;
}

function isOpen(context: ApplicationContext, target: ProofTarget): boolean {
  const reading = readingOf(context, target);
  if (reading !== null) return !reading.isWhole;
  return target.entrances.some(({ isServing }) => isServing);
}

/** The requests that are to be sent from now on, also those of a rollout that is only about to be written down. */
export function wantedProofs(context: ApplicationContext): readonly ProofTarget[] {
  const { record, draft, target, hold } = context;
  if (target.mode === 'halted' || hold !== null) return [];
  const begun = draft.entries.find((entry) => entry.kind === 'rollout-started');
  const rollout = begun === undefined ? record.rollout : { startedAt: begun.at };
  return rollout === null ? [] : proofTargets(context, rollout);
}

/** What became of requests in the rollout under way, all services together; null: none are sent. */
export function proofOf(context: ApplicationContext): ProofTally | null {
  const { rollout } = context.record;
  if (rollout === null) return null;
  return sumProofs(proofTargets(context, rollout).flatMap((one) => tallyOf(context, one) ?? []));
}

function tallyOf(context: ApplicationContext, target: ProofTarget): ProofTally | null {
  return readingOf(context, target)?.tally ?? target.before;
}
