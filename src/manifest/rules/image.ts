import { child, complainAtKey, isEmptyOrNull } from '../cursor.ts';
import type { Rule } from './rule.ts';

/** Every service names an image: nothing is built on the way to a host. */
export const imageIsNamed: Rule = ({ services }) => {
  for (const [name, service] of services) {
    if (!isEmptyOrNull(child(service, 'image'))) continue;
    // What is no container is refused by itself.
    if (!isEmptyOrNull(child(service, 'provider'))) continue;
    const build = child(service, 'build');
    const isBuilt = !isEmptyOrNull(build);
    complainAtKey(
      isBuilt ? build : service,
      isBuilt ? 'unsupported-key' : 'missing-image',
      `service "${name}" has no image${isBuilt ? ', and none is built on the way to a host' : ''}`,
      isBuilt
        ? 'Build the image in CI, push it, and name it with image:'
        : 'Name one with image:, best with its digest',
    );
  }
};
