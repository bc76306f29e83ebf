import type { ServiceSpec } from '../model/application.ts';
import type { DriftValue } from '../model/drift.ts';
import { noDefaults } from '../model/observation.ts';
import { compareImmutable, compareResources } from './compare-container.ts';

/**
 * Whether a service asks at a path for what a report on drift has found there.
 *
 * @param before the service that the report was about, which asks for something else there
 */
export function asksFor(
  service: ServiceSpec,
  path: string,
  observed: DriftValue,
  before: ServiceSpec,
): boolean {
  if (path === 'restart') return service.container.restart.name === observed;
  if (path === 'container_name') return service.containerName === observed;
  const [now, then] = [service.container, before.container];
  const difference = [
    ...compareImmutable(now, then, noDefaults),
    ...compareResources(now.resources, then.resources),
  ].find((each) => each.path === path);
  return difference?.desired === observed;
}
