import type { HostName } from '../model/names.ts';
import type { PlacedService } from './placed-service.ts';
import { priorityOf } from './priority.ts';

/** A slot leaves its host so that a more important one has room there. */
export interface Eviction {
  readonly host: HostName;
  /** Key of the slot that has its room. */
  readonly by: string;
}

/**
 * `prod/shop/web (priority 900 above 100)`: for whom a slot makes room. The namespace is said of an application that names one.
 *
 * @param services by `application/service`
 */
export function forWhom(
  services: ReadonlyMap<string, PlacedService>,
  evicted: PlacedService,
  by: string,
): string {
  const key = by.slice(0, by.lastIndexOf('/'));
  const winner = services.get(key);
  if (winner === undefined) return key;
  const { namespaceName } = winner;
  const name = namespaceName === undefined ? key : `${namespaceName}/${key}`;
  return `${name} (priority ${priorityOf(winner)} above ${priorityOf(evicted)})`;
}
