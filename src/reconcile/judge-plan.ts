import { isDeepStrictEqual } from 'node:util';

import { approvedHashes } from '../model/approval-trailer.ts';
import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { StalledError } from '../model/errors.ts';
import type { JournalReader } from '../journal/journal.ts';
import { isEmptyPlan, planHash } from '../rollout/plan-hash.ts';
import { predict } from '../rollout/predict.ts';
import type { World } from '../rollout/world.ts';
import { worldOfCommit } from '../rollout/world-of-commit.ts';
import type { Source } from '../source/source.ts';
import type { Reading } from './load-revision.ts';
import { loadRevision } from './load-revision.ts';
import { awaitHosts, refusePlan } from './refuse-plan.ts';

export interface PlanJudgeParts extends Reading {
  readonly source: Source;
  readonly journal: Pick<JournalReader, 'accepted' | 'state'>;
  /** Looks at all hosts that a commit names, now. */
  readonly observe: (desired: DesiredState, signal: AbortSignal) => Promise<World['observations']>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * What keeps a valid commit from being taken into force where plans must be approved; null: nothing does. A commit needs no
 * approval for what is done without it too: when it is in force already, or asks for the same as the one in force, when its plan is the same, or when
 * there is nothing to do. So the commits by which the operator writes rollbacks back pass without being trusted.
 *
 * @throws what the source throws
 */
export async function judgePlan(
  parts: PlanJudgeParts,
  desired: DesiredState,
  signal: AbortSignal,
): Promise<Diagnostic | null> {
  const { source, journal, observe, clock } = parts;
  const { revision } = desired;
  if (journal.accepted()?.commit === revision.commit) return null;
  const inForce = await loadInForce(parts, signal);
  if (inForce !== null && asksForTheSame(inForce, desired)) return null;
  const observations = await observe(desired, signal);
  const [state, now] = [journal.state(), clock.now()];
  const prediction = predict(worldOfCommit(desired, observations, state, now));
  const hash = planHash(prediction);
  if (hash === null) return awaitHosts(revision, unseen(desired, observations));
  if (isEmptyPlan(prediction)) return null;
  const approved = approvedHashes(await source.message(revision.commit, signal));
  if (approved.includes(hash)) return null;
  if (inForce !== null) {
    const before = predict(worldOfCommit(inForce, observations, state, now));
    if (planHash(before) === hash) return null;
  }
  return refusePlan(revision, hash, approved);
}

/** Null when nothing is in force, or when it cannot be read any more. */
async function loadInForce(
  parts: PlanJudgeParts,
  signal: AbortSignal,
): Promise<DesiredState | null> {
  const { source, journal } = parts;
  const accepted = journal.accepted();
  if (accepted === null) return null;
  try {
    const resolved = await source.resolve(accepted.commit, signal);
    const loaded = await loadRevision(source, resolved, parts, signal);
    return loaded.kind === 'valid' ? loaded.desired : null;
  } catch (error) {
    if (error instanceof StalledError) return null;
    throw error;
  }
}

function asksForTheSame(one: DesiredState, other: DesiredState): boolean {
  return (
    isDeepStrictEqual(one.fleet, other.fleet) &&
    isDeepStrictEqual(one.applications, other.applications)
  );
}

function unseen(
  { fleet }: DesiredState,
  observations: World['observations'],
): Parameters<typeof awaitHosts>[1] {
  return fleet.hosts.flatMap(({ name: host }) => {
    const seen = observations.get(host);
    if (seen?.kind === 'reachable') return [];
    return [{ host, reason: seen?.reason ?? 'not observed yet' }];
  });
}
