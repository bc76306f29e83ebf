import type { ApplicationDependency, ApplicationSpec } from '../model/application.ts';
import type { DecisionOrder } from './order-applications.ts';

/** How an application stands, as far as it matters to those that wait for it. */
export interface ApplicationStanding {
  readonly mode: 'desired' | 'rollback' | 'halted';
  /** Nothing of what the commit asks for is left to be done, and it has been watched long enough. */
  readonly ready: boolean;
  /** It is ready and last-known-good: nothing can undo it any more. A member of a group is ready before that. */
  readonly converged: boolean;
  /** Every service has an instance of what the commit asks for that has been started. */
  readonly started: boolean;
  /** Every service has run to its end, well. */
  readonly completed: boolean;
  /** Why the revision failed; null when it has not. */
  readonly failed: string | null;
  /** What holds it back for good; null when nothing does. */
  readonly blocked: string | null;
  /** What the commit asks for is not last-known-good, or a rollout is under way. */
  readonly changing: boolean;
  readonly suspended: boolean;
}

/** Why nothing new of an application is begun yet. */
export interface Hold {
  /** `waiting`: it goes on by itself; `blocked`: somebody has to do something about the other application. */
  readonly kind: 'waiting' | 'blocked';
  readonly reason: 'DependencyNotReady' | 'DependencyFailed' | 'WaveNotDone' | 'WaveFailed';
  readonly message: string;
  /** The application that is waited for. */
  readonly application: string;
}

/**
 * What holds back the changes of an application: an application that it depends on, or one of a lower wave. To be asked
 * for changes only; what once ran well is kept running whatever becomes of others. What blocks is said before what is
 * only waited for.
 *
 * @param standings those of all applications before it in the order
 */
export function holdOf(
  spec: ApplicationSpec,
  standings: ReadonlyMap<string, ApplicationStanding>,
  order: DecisionOrder,
): Hold | null {
  const dependencies = spec.dependsOn.flatMap(
    (dependency) => dependencyHold(spec, dependency, standings, order) ?? [],
  );
  const holds = [...dependencies, ...waveHolds(spec, standings, order)];
  return holds.find(({ kind }) => kind === 'blocked') ?? holds[0] ?? null;
}

function dependencyHold(
  spec: ApplicationSpec,
  { application, condition, required }: ApplicationDependency,
  standings: ReadonlyMap<string, ApplicationStanding>,
  order: DecisionOrder,
): Hold | null {
  const standing = standings.get(application);
  if (standing === undefined) {
    // Of a cycle, the first one waits for nobody.
    if (!required || order.waves.has(application)) return null;
    const message = `application "${application}" is not in the repository`;
    return { kind: 'blocked', reason: 'DependencyNotReady', message, application };
  }
  const obstacle = obstacleOf(standing);
  if (obstacle?.isFailure !== true && isMet(condition, standing)) return null;
  const isLanding = condition === 'healthy' && standing.ready;
  if (isLanding && isGroupAwaiting(application, spec.name, order)) return null;
  if (obstacle !== null) {
    if (!required) return null;
    const reason = obstacle.isFailure ? 'DependencyFailed' : 'DependencyNotReady';
    const message = `application "${application}" ${obstacle.message}`;
    return { kind: 'blocked', reason, message, application };
  }
  if (!required && !standing.changing) return null;
  const message = isLanding
    ? `application "${application}" has not landed with its group yet`
    : `application "${application}" is not ${condition} yet`;
  return { kind: 'waiting', reason: 'DependencyNotReady', message, application };
}

function isMet(
  condition: ApplicationDependency['condition'],
  standing: ApplicationStanding,
): boolean {
  switch (condition) {
    case 'started':
      return standing.started;
    case 'healthy':
      return standing.converged;
    case 'completed':
      return standing.completed;
  }
}

/** The first application of a lower wave that blocks, and the first that is only waited for. */
function waveHolds(
  { name, wave }: ApplicationSpec,
  standings: ReadonlyMap<string, ApplicationStanding>,
  { applications, waves }: DecisionOrder,
): readonly Hold[] {
  const own = waves.get(name) ?? wave;
  let waiting: Hold | null = null;
  for (const { name: application } of applications) {
    if ((waves.get(application) ?? 0) >= own) break;
    const standing = standings.get(application);
    if (standing === undefined) continue;
    const obstacle = obstacleOf(standing);
    const isUnfinished = standing.changing && !standing.ready;
    if (obstacle !== null && (obstacle.isFailure || isUnfinished)) {
      const reason = obstacle.isFailure ? 'WaveFailed' : 'WaveNotDone';
      const message = `application "${application}" of a lower wave ${obstacle.message}`;
      return [{ kind: 'blocked', reason, message, application }];
    }
    if (!isUnfinished || waiting !== null) continue;
    const message = `application "${application}" of a lower wave is not through yet`;
    waiting = { kind: 'waiting', reason: 'WaveNotDone', message, application };
  }
  return waiting === null ? [] : [waiting];
}

/** What keeps an application from becoming ready by itself, as the end of a sentence about it. */
function obstacleOf({
  mode,
  failed,
  suspended,
  blocked,
}: ApplicationStanding): { readonly isFailure: boolean; readonly message: string } | null {
  if (mode !== 'desired') {
    const what = mode === 'rollback' ? 'was rolled back' : 'has failed and is halted';
    return { isFailure: true, message: failed === null ? what : `${what}: ${failed}` };
  }
  if (suspended) return { isFailure: false, message: 'is suspended' };
  if (blocked !== null) return { isFailure: false, message: `is held back: ${blocked}` };
  return null;
}

/**
 * Whether the group of an application lands only after another application. Then that one cannot wait for the landing, and
 * its members and those between them go on as soon as what they wait for is ready.
 */
function isGroupAwaiting(
  application: string,
  other: string,
  { applications, waves }: DecisionOrder,
): boolean {
  const specs = new Map(applications.map((spec) => [spec.name, spec]));
  const reached = new Set([application]);
  for (const name of reached) {
    const spec = specs.get(name);
    const group = spec?.rolloutGroup ?? null;
    const wave = waves.get(name) ?? 0;
    for (const dependency of spec?.dependsOn ?? []) reached.add(dependency.application);
    for (const next of applications) {
      const isOfGroup = group !== null && next.rolloutGroup === group;
      if (isOfGroup || (waves.get(next.name) ?? 0) < wave) reached.add(next.name);
    }
    if (reached.has(other)) return true;
  }
  return false;
}
