import { label } from '../model/labels.ts';
import type { ContainerState } from '../model/observation.ts';
import type { ContainerGuard, StepOutcome } from '../model/step.ts';
import { enginePath } from './engine-path.ts';
import { projectState } from './project-container.ts';
import type { StepRun } from './step-run.ts';
import { skipped } from './step-run.ts';
import type { WireContainer } from './wire.ts';

/** What a fresh inspect says of the guard of a step. */
export type GuardCheck =
  | { readonly kind: 'held'; readonly container: WireContainer; readonly state: ContainerState }
  | { readonly kind: 'gone' }
  | { readonly kind: 'broken'; readonly reason: string };

/** Checks that a container is still the one that the step was decided for. */
export async function checkGuard(
  run: StepRun,
  guard: ContainerGuard,
  name: string,
): Promise<GuardCheck> {
  const container = await inspectContainer(run, guard.id, name);
  if (container === null) return { kind: 'gone' };
  const labels = container.Config?.Labels ?? {};
  if (!carriesLabels(guard, labels, run.context.fleet)) {
    return { kind: 'broken', reason: `container "${name}" does not carry the labels it had` };
  }
  const state = projectState(container);
  if (!guard.states.includes(state)) {
    const reason = `container "${name}" is ${state}, the step is for ${guard.states.join(' or ')}`;
    return { kind: 'broken', reason };
  }
  return { kind: 'held', container, state };
}

/** Runs `then` if the guard holds; a container that went away meanwhile is no failure of the step. */
export async function guarded(
  run: StepRun,
  action: { readonly guard: ContainerGuard; readonly name: string },
  then: (container: WireContainer) => Promise<StepOutcome>,
): Promise<StepOutcome> {
  const check = await checkGuard(run, action.guard, action.name);
  if (check.kind === 'gone') return skipped(`container "${action.name}" is gone`);
  if (check.kind === 'broken') return skipped(check.reason);
  return then(check.container);
}

/** One that was taken on is no other fleet's, and has the labels that it had then. */
function carriesLabels(
  guard: ContainerGuard,
  labels: Readonly<Record<string, string>>,
  fleet: string,
): boolean {
  const { adopted, self } = guard;
  if (adopted === undefined) return labels[label.fleet] === fleet && labels[label.self] === self;
  const hasAll = Object.entries(adopted).every(([name, value]) => labels[name] === value);
  return labels[label.fleet] === undefined && hasAll;
}

/** A container by id or name; null when there is none. */
export function inspectContainer(
  run: StepRun,
  idOrName: string,
  name: string,
): Promise<WireContainer | null> {
  return run.find<WireContainer>({
    what: `inspect container "${name}"`,
    path: enginePath`/containers/${idOrName}/json`,
  });
}
