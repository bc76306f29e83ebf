import type { PlacedService } from './placed-service.ts';

/** Between all that is more important and all that is less. */
const usualPriority = 500;

export function priorityOf({ service }: Pick<PlacedService, 'service'>): number {
  return service.priority ?? usualPriority;
}
