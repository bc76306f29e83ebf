import { reduceJournal } from '../model/journal-reduce.ts';
import { notAsked } from '../model/lookup.ts';
import type { Step } from '../model/step.ts';
import { applySteps } from './apply-steps.ts';
import { withAnswers } from './apply-traffic.ts';
import { isRestart } from './change-in-place.ts';
import type { Decision } from './decide.ts';
import { decide } from './decide.ts';
import type { World } from './world.ts';

/** What would happen if every step succeeded and every gate passed. */
export interface Prediction {
  /** The world as it is now. */
  readonly start: World;
  /** In the order in which they would be taken; steps of one wave do not depend on each other. */
  readonly waves: readonly (readonly Step[])[];
  /** The fewest available instances at any time, by `application/service`, where that is fewer than wanted before. */
  readonly lowest: readonly LowestAvailability[];
  /** The first decision: what stands in the way, and how things are now. */
  readonly first: Decision;
  /** The last one: what would still not be done. */
  readonly last: Decision;
  /** The world after it. */
  readonly end: World;
}

export interface LowestAvailability {
  readonly application: string;
  readonly service: string;
  readonly desired: number;
  readonly before: number;
  readonly lowest: number;
}

const maxRounds = 20_000;

/**
 * The plan: the same decisions that the loop takes, played forward on the observed state. Nothing is decided here, so a
 * dry run shows what a real run would do.
 */
export function predict(start: World): Prediction {
  const waves: (readonly Step[])[] = [];
  const lowest = new Map<string, LowestAvailability>();
  const first = decide(start);
  let world = withAnswers(start);
  let decision = decide(world);
  for (let round = 0; round < maxRounds; round += 1) {
    noteAvailability(lowest, decision);
    if (decision.steps.some(isBreak)) noteBreaks(lowest, decision);
    const journal = decision.entries.reduce(reduceJournal, world.journal);
    const isQuiet = decision.steps.length === 0;
    const wakeAt = nextWake(decision, world.now);
    if (isQuiet && decision.entries.length === 0 && wakeAt === null) break;
    if (!isQuiet) waves.push(decision.steps);
    const now = isQuiet ? (wakeAt ?? world.now) : world.now;
    const lookups = unanswered(world, decision);
    world = applySteps({ ...world, journal, lookups, now }, decision.steps);
    decision = decide(world);
  }
  const fewest = [...lowest.values()].filter(isLower);
  return { start, waves, lowest: fewest, first, last: decision, end: world };
}

/** A plan asks no registry: it goes by the tags. */
function unanswered({ lookups }: World, decision: Decision): World['lookups'] {
  if (decision.lookups.length === 0) return lookups;
  const refused = { ...notAsked, failures: 1, retryAt: Number.POSITIVE_INFINITY };
  return new Map([...lookups, ...decision.lookups.map(({ key }) => [key, refused] as const)]);
}

/** Time alone brings it further: a gate, a delay, a watch. What waits for another try does not count. */
function nextWake(decision: Decision, now: number): number | null {
  const times = decision.applications
    .filter(
      ({ conditions }) => !conditions.some(({ type, status }) => type === 'Stalled' && status),
    )
    .flatMap(({ wakeAt }) => (wakeAt !== null && wakeAt > now ? [wakeAt] : []));
  return times.length === 0 ? null : Math.min(...times);
}

function isLower({ before, desired, lowest }: LowestAvailability): boolean {
  return lowest < Math.min(before, desired);
}

/** It takes an instance out of service, which no later decision sees. */
function isBreak({ action }: Step): boolean {
  const isCutOff = action.kind === 'disconnect-network' && action.isForAMoment === true;
  return isCutOff || isRestart(action);
}

/** While an instance is started anew, or is off its network, it serves nothing. */
function noteBreaks(
  lowest: Map<string, LowestAvailability>,
  { steps, applications }: Decision,
): void {
  for (const { application, services } of applications) {
    for (const { service, available } of services) {
      const key = `${application}/${service}`;
      const broken = steps.filter(
        (step) => `${step.application}/${step.service}` === key && isBreak(step),
      );
      const known = lowest.get(key);
      if (known === undefined) continue;
      const left = Math.max(0, available - broken.length);
      lowest.set(key, { ...known, lowest: Math.min(known.lowest, left) });
    }
  }
}

function noteAvailability(lowest: Map<string, LowestAvailability>, decision: Decision): void {
  for (const { application, services } of decision.applications) {
    for (const { service, desired, available } of services) {
      const key = `${application}/${service}`;
      const known = lowest.get(key);
      lowest.set(key, {
        application,
        service,
        desired,
        before: known?.before ?? available,
        lowest: Math.min(known?.lowest ?? available, available),
      });
    }
  }
}
