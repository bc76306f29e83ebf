import type { Dependency, ServiceSpec } from '../model/application.ts';
import type { ApplicationContext } from './application-context.ts';
import { countedSlots } from './counted-slots.ts';
import type { SlotView } from './slot-view.ts';

/**
 * The first dependency of a service that is not satisfied yet, in words; null when all are. It holds back changes only:
 * what once ran well is repaired whatever becomes of its dependencies.
 */
export function unmetDependency(context: ApplicationContext, service: ServiceSpec): string | null {
  for (const dependency of service.dependsOn) {
    const views = context.views.find(({ service: other }) => other.name === dependency.service);
    if (views === undefined) {
      if (dependency.required) return `service "${dependency.service}" does not exist`;
      continue;
    }
    if (!isSatisfied(dependency, countedSlots(context.world, views))) {
      return `service "${dependency.service}" is not ${dependency.condition} yet`;
    }
  }
  return null;
}

function isSatisfied(dependency: Dependency, slots: readonly SlotView[]): boolean {
  switch (dependency.condition) {
    case 'started':
      return slots.length === 0 || slots.some(hasStarted);
    case 'healthy':
      return slots.every((view) => view.available && view.current !== null);
    case 'completed':
      return slots.every((view) => isCompleted(view));
  }
}

function hasStarted({ current }: SlotView): boolean {
  return current !== null && current.container.startedAt !== null;
}

function isCompleted({ current }: SlotView): boolean {
  return current?.container.state === 'exited' && current.container.exitCode === 0;
}
