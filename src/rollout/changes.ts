import type { ServiceSpec } from '../model/application.ts';
import type { ContainerSpec } from '../model/container.ts';
import { familiarReference } from '../model/image.ts';
import type { ImageDefaults } from '../model/observation.ts';
import type { Change } from '../model/step.ts';
import type { FieldDifference } from '../drift/compare-container.ts';
import { compareImmutable, compareResources } from '../drift/compare-container.ts';
import type { Instance } from '../drift/identify.ts';
import { imageDefaults } from './slot-view.ts';
import type { World } from './world.ts';

/** The fields in which a service differs from an instance that it is to replace, the image first. */
export function changesFrom(
  world: World,
  before: Instance,
  service: ServiceSpec,
): readonly Change[] {
  const observed = before.container.spec;
  const wanted = service.container;
  const defaults = imageDefaults(world, before);
  const fields = [
    ...imageChange(wanted, observed),
    ...(defaults === null ? [] : configChanges(wanted, observed, defaults)),
    ...compareResources(wanted.resources, observed.resources),
  ];
  return fields.map(({ path, desired, observed: from }) => ({ path, from, to: desired }));
}

function imageChange(wanted: ContainerSpec, observed: ContainerSpec): readonly FieldDifference[] {
  if (familiarReference(wanted.image) === familiarReference(observed.image)) return [];
  return [{ path: 'image', desired: wanted.image, observed: observed.image }];
}

/** Fields of the old image itself are left out: the new image brings its own. */
function configChanges(
  wanted: ContainerSpec,
  observed: ContainerSpec,
  defaults: ImageDefaults,
): readonly FieldDifference[] {
  return compareImmutable(wanted, observed, defaults);
}
