/** A fleet played forward by decide(), whose instances can be made to fail. */
import { acceptEntries } from '../../../src/model/accept-entries.ts';
import type { ApplicationSpec } from '../../../src/model/application.ts';
import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import type { HostName } from '../../../src/model/names.ts';
import type { HostObservation, ObservedContainer } from '../../../src/model/observation.ts';
import type { Step } from '../../../src/model/step.ts';
import { applySteps } from '../../../src/rollout/apply-steps.ts';
import type { ApplicationDecision } from '../../../src/rollout/decide-application.ts';
import type { Decision } from '../../../src/rollout/decide.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { trackReadiness } from '../../../src/rollout/gate.ts';
import { watchedContainers } from '../../../src/rollout/watched.ts';
import type { World } from '../../../src/rollout/world.ts';
import { aDesiredState } from '../../support/builders.ts';

/** What becomes of a running container each time the hosts are looked at; most stay as they are. */
export type Fate = (container: ObservedContainer) => Partial<ObservedContainer>;

/** Instances of these images exit with code 1 as soon as they are started. */
export function exits(...images: readonly string[]): Fate {
  return ({ spec }) =>
    images.includes(spec.image) ? { state: 'exited', exitCode: 1, published: [] } : {};
}

export const fine: Fate = () => ({});

export interface Run {
  readonly world: World;
  readonly steps: readonly Step[];
  readonly entries: readonly JournalEntry[];
  readonly last: Decision;
}

const passMs = 2_000;
/** Longer than any gate, delay and watch of these tests. */
const quietPasses = 20;

/** Decides, remembers and acts until nothing has happened for 40 seconds. */
export function run(start: World, fate: Fate = fine): Run {
  const steps: Step[] = [];
  const entries: JournalEntry[] = [];
  let world = start;
  let quiet = 0;
  for (let round = 0; round < 1_000; round += 1) {
    const decision = decide(world);
    if (quiet === quietPasses) return { world, steps, entries, last: decision };
    quiet = decision.steps.length + decision.entries.length === 0 ? quiet + 1 : 0;
    steps.push(...decision.steps);
    entries.push(...decision.entries);
    world = pass(world, decision, decision.steps, fate);
  }
  throw new Error('it never came to rest');
}

/** The world after one pass in which these of the decided steps were executed. */
export function pass(
  world: World,
  decision: Decision,
  executed: readonly Step[],
  fate: Fate,
): World {
  const journal = decision.entries.reduce(reduceJournal, world.journal);
  const after = applySteps({ ...world, journal, now: world.now + passMs }, executed);
  const next = edit(after, (container) =>
    // A job is at its end as soon as it is started, unless its fate is another one.
    container.state === 'running' || container.startedAt === after.now
      ? { ...container, ...fate(container) }
      : container,
  );
  const watched = watchedContainers(next);
  const readiness = trackReadiness(world.readiness, watched, new Map(), next.now);
  return { ...next, readiness, requests: unanswered(world, decision) };
}

function unanswered({ requests }: World, { entries }: Decision): World['requests'] {
  const answered = new Set(
    entries.flatMap((entry) => (entry.kind === 'request-answered' ? [entry.request] : [])),
  );
  return requests.filter(({ id }) => !answered.has(id));
}

/** Another commit of the same repository arrives. */
export function commit(
  world: World,
  applications: readonly ApplicationSpec[],
  seed: number | string,
): World {
  const names = world.desired.fleet.hosts.map(({ name }): string => name);
  const desired = aDesiredState(applications, names, seed);
  const entries = acceptEntries(
    world.journal,
    desired.revision.commit,
    applications.map(({ name }) => name),
  );
  return { ...world, desired, journal: entries.reduce(reduceJournal, world.journal) };
}

export function containers(world: World): readonly ObservedContainer[] {
  return [...world.observations.values()].flatMap((host) =>
    host.kind === 'reachable' ? host.containers : [],
  );
}

/** The images of what runs, sorted. */
export function running(world: World): readonly string[] {
  return containers(world)
    .filter(({ state }) => state === 'running')
    .map(({ spec }) => spec.image)
    .toSorted();
}

/** Changes containers behind the operator's back; null takes one away. */
export function edit(
  world: World,
  change: (container: ObservedContainer) => ObservedContainer | null,
): World {
  const observations = new Map(
    [...world.observations].map(([name, host]): [HostName, HostObservation] => [
      name,
      host.kind === 'unreachable'
        ? host
        : { ...host, containers: host.containers.flatMap((one) => change(one) ?? []) },
    ]),
  );
  return { ...world, observations };
}

/** Hosts as they are seen from now on. */
export function seeing(world: World, ...hosts: readonly HostObservation[]): World {
  const observations = new Map(world.observations);
  for (const host of hosts) observations.set(host.host, host);
  return { ...world, observations };
}

/** The ids of the containers that steps act upon. */
export function touched(steps: readonly Step[]): readonly string[] {
  return steps.flatMap(({ action }) => ('guard' in action ? [action.guard.id] : []));
}

export function kinds(steps: readonly Step[]): readonly string[] {
  return steps.map(({ action, slot }) => `${action.kind} ${slot}`.trim());
}

/** The decision on the only application, or on the one of this name. */
export function decisionOf(decision: Decision, name = 'shop'): ApplicationDecision {
  const found = decision.applications.find(({ application }) => application === name);
  if (found === undefined) throw new Error(`there is no decision on "${name}"`);
  return found;
}

/** `RolledBack` and the like; empty when nothing is stalled. */
export function stalledBy(decision: Decision, name = 'shop'): string {
  const condition = decisionOf(decision, name).conditions.find(({ type }) => type === 'Stalled');
  return condition?.status === true ? condition.reason : '';
}
