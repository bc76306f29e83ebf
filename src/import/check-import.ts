import { compareImmutable, compareResources } from '../drift/compare-container.ts';
import type { ApplicationSpec } from '../model/application.ts';
import { sameRestart } from '../model/container.ts';
import { findImage } from '../model/image.ts';
import type { ReachableHost } from '../model/observation.ts';
import type { FoundApplication } from './found-application.ts';

/** How containers differ from what the manifest that was made of them asks for: what makes their adoption fail. */
export function checkImport(
  found: FoundApplication,
  application: ApplicationSpec,
  host: ReachableHost,
): readonly string[] {
  return found.containers.flatMap(({ service: name, container }) => {
    const service = application.services.find((each) => each.name === name);
    const image =
      host.images.find(({ id }) => id === container.imageId) ??
      findImage(host.images, container.spec.image);
    if (service === undefined || image === undefined || image === null) return [];
    const { container: wanted } = service;
    const paths = [
      ...compareImmutable(wanted, container.spec, image.defaults),
      ...compareResources(wanted.resources, container.spec.resources),
    ].map(({ path }) => path);
    const all = sameRestart(wanted.restart, container.restart) ? paths : [...paths, 'restart'];
    return all.length === 0
      ? []
      : [`container "${container.name}" differs from the manifest in ${all.join(', ')}`];
  });
}
