/** A stretch of time on a fleet: commits, requests, fates and refused steps, with a look at every pass. */
import type { ApplicationSpec } from '../../../src/model/application.ts';
import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import type { HostRequestKind, RequestKind } from '../../../src/model/request.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { Step, StepFailure, StepOutcome } from '../../../src/model/step.ts';
import { hooksEntry } from '../../../src/reconcile/hooks-entry.ts';
import { noteOutcome } from '../../../src/reconcile/step-failures.ts';
import type { Decision } from '../../../src/rollout/decide.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import type { Fate, Run } from './scenario.ts';
import { containers, fine, pass, run } from './scenario.ts';

export interface Circumstances {
  /** What becomes of running containers; by default they stay well. */
  readonly fate?: Fate;
  /** Why the engine refuses a step; null: it does it. */
  readonly refuse?: (step: Step) => StepFailure | null;
  /** Sees every pass: the world, and what is decided in it. */
  readonly watch?: (world: World, decision: Decision) => void;
}

/** The second version never becomes ready. */
export const neverReady: Fate = ({ spec }) =>
  spec.image === 'testapp:v2' ? { health: 'starting' } : {};

/** Plays so many milliseconds, one decision every two seconds. */
export function play(start: World, ms: number, circumstances: Circumstances = {}): Run {
  return playWhile(start, ({ now }) => now < start.now + ms, circumstances);
}

/** Plays until it is so, and fails when that takes more than two hours. */
export function playUntil(
  start: World,
  isSo: (world: World, decision: Decision) => boolean,
  circumstances: Circumstances = {},
): Run {
  const patience = start.now + 2 * 60 * 60_000;
  return playWhile(
    start,
    (world, decision) => {
      if (world.now > patience) throw new Error('it never came to that');
      return !isSo(world, decision);
    },
    circumstances,
  );
}

function playWhile(
  start: World,
  goesOn: (world: World, decision: Decision) => boolean,
  { fate = fine, refuse = () => null, watch }: Circumstances,
): Run {
  const steps: Step[] = [];
  const entries: JournalEntry[] = [];
  let world = start;
  for (;;) {
    const decision = decide(world);
    watch?.(world, decision);
    if (!goesOn(world, decision)) return { world, steps, entries, last: decision };
    steps.push(...decision.steps);
    entries.push(...decision.entries);
    const executed = decision.steps.filter((step) => refuse(step) === null);
    const next = pass(world, decision, executed, fate);
    const ended = decision.steps.flatMap(
      (step) => hooksEntry(step, outcomeOf(step, refuse), next.now) ?? [],
    );
    const journal = ended.reduce(reduceJournal, next.journal);
    world = { ...next, journal, failures: failuresAfter(world, decision, refuse, next.now) };
  }
}

/** What the operator remembers of failed steps. */
function failuresAfter(
  world: World,
  { steps, entries }: Decision,
  refuse: (step: Step) => StepFailure | null,
  now: number,
): World['failures'] {
  const before: World['failures'] = entries.some(({ kind }) => kind === 'retried')
    ? new Map()
    : world.failures;
  return steps.reduce((failures, step) => {
    const outcome = outcomeOf(step, refuse);
    const isKept = hooksEntry(step, outcome, now) !== null;
    return noteOutcome(failures, step, isKept ? { kind: 'done' } : outcome, now);
  }, before);
}

function outcomeOf(step: Step, refuse: (step: Step) => StepFailure | null): StepOutcome {
  const failure = refuse(step);
  return failure === null ? { kind: 'done' } : { kind: 'failed', failure };
}

/** Somebody asks for something. */
export function asking(world: World, kind: RequestKind, application = 'shop'): World {
  const id = 1 + Math.max(0, ...world.requests.map((request) => request.id));
  const request = { id, kind, application, by: 'ada', at: world.now };
  return { ...world, requests: [...world.requests, request] };
}

/** Somebody asks for something about a host. */
export function askingAbout(world: World, kind: HostRequestKind, host: string): World {
  const asked = asking(world, kind, '');
  const requests = asked.requests.map((request) =>
    request.kind === kind ? { ...request, host: toHostName(host) } : request,
  );
  return { ...asked, requests };
}

/** The answer to the only request of a stretch. */
export function answerOf({ entries }: Run): {
  readonly accepted: boolean;
  readonly message: string;
} {
  const answers = entries.flatMap((entry) => (entry.kind === 'request-answered' ? [entry] : []));
  const [answer] = answers;
  if (answer === undefined || answers.length > 1) throw new Error('there is not one answer');
  return { accepted: answer.accepted, message: answer.message };
}

/** The application `shop` with the service `web` at a version. */
export function shop(
  tag: string,
  facts: ServiceFacts = {},
  more: Partial<ApplicationSpec> = {},
): readonly ApplicationSpec[] {
  const container = { image: `testapp:${tag}`, ...facts.container };
  return [anApplication([aService({ ...facts, container })], more)];
}

/** A fleet on which `shop` has been running well for a while. */
export function deployed(tag: string, facts: ServiceFacts = {}, hosts?: readonly string[]): World {
  return run(aWorld(shop(tag, facts), hosts)).world;
}

/** The ids of all containers, or of those with an image, in no particular order. */
export function idsOf(world: World, tag?: string): ReadonlySet<string> {
  const wanted = containers(world).filter(
    ({ spec }) => tag === undefined || spec.image === `testapp:${tag}`,
  );
  return new Set(wanted.map(({ id }): string => id));
}

/** The steps that change one of these containers. */
export function stepsOn(steps: readonly Step[], ids: ReadonlySet<string>): readonly Step[] {
  return steps.filter(({ action }) => 'guard' in action && ids.has(action.guard.id));
}

/** The containers made for an image, by their slots in the order of making. */
export function made(steps: readonly Step[], tag: string): readonly string[] {
  return steps.flatMap(({ action, slot }) =>
    action.kind === 'create-container' && action.service.container.image === `testapp:${tag}`
      ? [slot]
      : [],
  );
}

/** How many instances of an image run. */
export function count(world: World, tag: string): number {
  return containers(world).filter(
    ({ state, spec }) => state === 'running' && spec.image === `testapp:${tag}`,
  ).length;
}

/** How many instances run. */
export function countLive(world: World): number {
  return containers(world).filter(({ state }) => state === 'running').length;
}
