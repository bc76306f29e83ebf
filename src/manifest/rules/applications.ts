import type { ApplicationDependency, ApplicationSpec } from '../../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../../model/diagnostic.ts';
import type { RestartPolicy } from '../../model/container.ts';
import { startOf } from '../report.ts';
import { didYouMean } from '../suggest.ts';

/** The applications of one commit, as they are judged together. */
export interface ApplicationSet {
  /** Valid ones, by name. */
  readonly applications: ReadonlyMap<string, ApplicationSpec>;
  /** Names of all applications, the invalid ones included. */
  readonly found: readonly string[];
  /** Only a part was looked at: what is not here is not necessarily missing. */
  readonly partial: boolean;
}

/** What is wrong between the applications of a commit, by the application that says it. */
export function judgeApplications(set: ApplicationSet): ReadonlyMap<string, readonly Diagnostic[]> {
  const cycles = findCycles(set);
  const judged = [...set.applications.values()].map((application) => {
    const own = application.dependsOn.flatMap((dependency) =>
      judgeDependency(set, application, dependency),
    );
    return [application.name, [...own, ...(cycles.get(application.name) ?? [])]] as const;
  });
  return new Map(judged.filter(([, diagnostics]) => diagnostics.length > 0));
}

function judgeDependency(
  set: ApplicationSet,
  { name, wave }: ApplicationSpec,
  dependency: ApplicationDependency,
): readonly Diagnostic[] {
  const { application: other, condition } = dependency;
  if (other === name) {
    const message = `application "${name}" depends on itself`;
    return [at(dependency, 'dependency-cycle', message, 'Remove the dependency')];
  }
  const target = set.applications.get(other);
  if (target === undefined) return judgeMissing(set, name, dependency);
  const problems: Diagnostic[] = [];
  if (target.wave > wave) problems.push(againstTheWaves(name, wave, target, dependency));
  const endless = condition === 'completed' ? endlessService(target) : null;
  if (endless !== null) {
    const message = `application "${name}" waits for "${other}" to complete, but its service "${endless}" runs for ever`;
    const hint = 'Wait for healthy, or set restart: "no" or on-failure at all services there';
    problems.push(at(dependency, 'never-completes', message, hint));
  }
  return problems;
}

function judgeMissing(
  { found, partial }: ApplicationSet,
  name: string,
  dependency: ApplicationDependency,
): readonly Diagnostic[] {
  const { application: other, required } = dependency;
  if (!required || partial || found.includes(other)) return [];
  const message = `application "${name}" depends on application "${other}", which is not defined${didYouMean(other, found)}`;
  const hint = 'Name an application of this repository, or set required: false';
  return [at(dependency, 'undefined-application', message, hint)];
}

function againstTheWaves(
  name: string,
  wave: number,
  target: ApplicationSpec,
  dependency: ApplicationDependency,
): Diagnostic {
  const message = `applications wait for each other: "${name}" depends on "${target.name}", and "${target.name}" of wave ${target.wave} waits for all of wave ${wave}, of which "${name}" is one`;
  const hint = `Give "${target.name}" wave ${wave} or a lower one, or "${name}" wave ${target.wave} or a higher one`;
  return at(dependency, 'dependency-cycle', message, hint);
}

function endlessService({ services }: ApplicationSpec): string | null {
  const endless: readonly RestartPolicy['name'][] = ['always', 'unless-stopped'];
  return services.find(({ container }) => endless.includes(container.restart.name))?.name ?? null;
}

/** An application whose dependencies are being followed. */
interface Visit {
  readonly name: string;
  readonly dependencies: readonly string[];
  at: number;
}

/**
 * Cycles over the dependencies, by the application that is their first by name. A cycle that also needs the waves holds
 * a dependency from a lower wave on a higher one, which is reported by itself and not followed here.
 */
function findCycles({ applications }: ApplicationSet): ReadonlyMap<string, readonly Diagnostic[]> {
  const reported = new Map<string, readonly Diagnostic[]>();
  const finished = new Set<string>();
  for (const name of [...applications.keys()].toSorted()) {
    for (const cycle of cyclesFrom(applications, name, finished)) {
      const [first, diagnostic] = describeCycle(applications, cycle);
      reported.set(first, [...(reported.get(first) ?? []), diagnostic]);
    }
  }
  return reported;
}

/** Depth-first, without recursion, for a chain may be as long as there are applications; each is entered once. */
function cyclesFrom(
  applications: ReadonlyMap<string, ApplicationSpec>,
  root: string,
  finished: Set<string>,
): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const trail: Visit[] = [];
  const onTrail = new Set<string>();
  const enter = (name: string): void => {
    trail.push({ name, dependencies: followed(applications, name), at: 0 });
    onTrail.add(name);
  };
  if (!finished.has(root)) enter(root);
  for (let last = trail.at(-1); last !== undefined; last = trail.at(-1)) {
    const next = last.dependencies[last.at++];
    if (next === undefined) {
      trail.pop();
      onTrail.delete(last.name);
      finished.add(last.name);
    } else if (onTrail.has(next)) {
      const names = trail.map(({ name }) => name);
      cycles.push(names.slice(names.indexOf(next)));
    } else if (!finished.has(next)) {
      enter(next);
    }
  }
  return cycles;
}

function followed(
  applications: ReadonlyMap<string, ApplicationSpec>,
  name: string,
): readonly string[] {
  const { wave = 0, dependsOn = [] } = applications.get(name) ?? {};
  return dependsOn
    .map(({ application }) => application)
    .filter((other) => other !== name && (applications.get(other)?.wave ?? Infinity) <= wave);
}

function describeCycle(
  applications: ReadonlyMap<string, ApplicationSpec>,
  cycle: readonly string[],
): readonly [string, Diagnostic] {
  const start = cycle.indexOf(cycle.toSorted()[0] ?? '');
  const [first = '', ...others] = [...cycle.slice(start), ...cycle.slice(0, start)];
  const application = applications.get(first);
  const dependency = application?.dependsOn.find((each) => each.application === others[0]);
  const message = `applications wait for each other: ${[first, ...others, first].join(' → ')}`;
  const origin = dependency?.origin ?? application?.origin ?? startOf('');
  return [first, at({ origin }, 'dependency-cycle', message, 'Remove one of these dependencies')];
}

function at(
  { origin }: Pick<ApplicationDependency, 'origin'>,
  code: string,
  message: string,
  hint: string,
): Diagnostic {
  return diagnosticAt(origin, 'x-fleetwright.dependsOn', code, message, { hint });
}
