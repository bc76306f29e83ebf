import type { ServiceSpec } from '../model/application.ts';
import { noRestart } from '../model/container.ts';
import type { Hook } from '../model/hooks.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { Action, ContainerGuard } from '../model/step.ts';
import { label } from '../model/labels.ts';
import type { ContainerState } from '../model/observation.ts';
import type { Instance } from '../drift/identify.ts';

/** The check that an instance is still what it was when the step was decided. */
export function guardOf(
  { container, adopted }: Instance,
  states: readonly ContainerState[],
): ContainerGuard {
  const { id } = container;
  if (adopted !== undefined) return { id, self: '', adopted: adopted.labels, states };
  return { id, self: container.labels[label.self] ?? '', states };
}

/** What the journal notes before a step of the way out: an exit that we asked for is no failure. */
export function retirementEntries(instance: Instance, action: Action): readonly JournalEntry[] {
  if (action.kind !== 'stop-container') return [];
  const { slotKey: slot, container } = instance;
  return [{ kind: 'instance-retired', slot, container: container.id }];
}

/**
 * The next step on the way out: first the restart policy, so that neither a crash of the operator nor a reboot of the
 * host brings it back; then the stop, with the container's own signal and grace; then the removal.
 *
 * @param preStop what is run in it before the stop
 */
export function nextRetirement(
  instance: Instance,
  service: ServiceSpec | null,
  preStop: readonly Hook[] = [],
): Action {
  const { container } = instance;
  const name = container.name;
  switch (container.state) {
    case 'running':
    case 'restarting':
    case 'paused':
      if (container.restart.name !== 'no') {
        const guard = guardOf(instance, ['running', 'restarting', 'paused']);
        return { kind: 'update-container', guard, name, restart: noRestart, resources: null };
      }
      if (container.state === 'paused') {
        return { kind: 'unpause-container', guard: guardOf(instance, ['paused']), name };
      }
      return {
        kind: 'stop-container',
        guard: guardOf(instance, ['running', 'restarting']),
        name,
        graceMs: graceOf(instance, service),
        ...(preStop.length === 0 ? {} : { hooks: preStop }),
      };
    case 'created':
    case 'exited':
    case 'dead':
    case 'removing': {
      const guard = guardOf(instance, ['created', 'exited', 'dead', 'removing']);
      return { kind: 'remove-container', guard, name };
    }
  }
}

const defaultGraceMs = 10_000;

/** What its version asks for now, since no engine changes what a container says itself; null: that holds. */
function graceOf({ container }: Instance, service: ServiceSpec | null): number | null {
  const own = container.spec.stopGraceMs;
  if (service === null) return own;
  return service.container.stopGraceMs ?? (own === null ? null : defaultGraceMs);
}
