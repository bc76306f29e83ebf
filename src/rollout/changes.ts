import type { ServiceSpec } from '../model/application.ts';
import type { Change } from '../model/step.ts';
import { compareImages, compareImmutable, compareResources } from '../drift/compare-container.ts';
import { compareNetworks } from '../drift/compare-networks.ts';
import { compareGivenFiles } from '../drift/compare-files.ts';
import type { Instance } from '../drift/identify.ts';
import { imageDefaults } from './differences.ts';
import type { World } from './world.ts';

/**
 * The fields in which a service differs from an instance that it is to replace, the image first. Where the old image is no
 * longer there, what came from it cannot be told from what was asked for, and only what does not come from images counts.
 */
export function changesFrom(
  world: World,
  before: Instance,
  service: ServiceSpec,
): readonly Change[] {
  const observed = before.container.spec;
  const wanted = service.container;
  const defaults = imageDefaults(world, before);
  const fields = [
    ...(defaults === null
      ? compareImages(wanted, observed)
      : compareImmutable(wanted, observed, defaults)),
    ...compareGivenFiles(service, before.container),
    ...compareResources(wanted.resources, observed.resources),
    ...compareNetworks(before.identity.application, wanted.networks, observed.networks),
  ];
  return fields.map(({ path, desired, observed: from }) => ({ path, from, to: desired }));
}
